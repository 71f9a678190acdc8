#if Postgres
import PostgresTesting
import RotationModel
import Testing

@testable import TokenLedgerPostgres

@Suite("Records that instances share", .fewAtOnce)
struct SharedRecordsTests {
  private let steps: SingleConnection
  private let records: SharedRecords

  init() async throws {
    steps = try await SingleConnection.open()
    records = SharedRecords(steps, place: "a database", latest: RisingNumber())
  }

  @Test("are found in the order of the bytes of their names, those of one kind alone, with the ledger's time")
  func reading() async throws {
    for name in ["b", "Ä", "a", "B"] {
      #expect(try await records.put(.user, name, Array(name.utf8), expecting: nil) != nil)
    }
    _ = try await records.put(.client, "web", [1], expecting: nil)
    let found = try await records.records(.user)
    #expect(found.records.map(\.name) == ["B", "a", "b", "Ä"])
    #expect(found.records.map(\.body) == ["B", "a", "b", "Ä"].map { Array($0.utf8) })
    #expect(found.count == 4)
    #expect(found.now.milliseconds > 1_600_000_000_000)
    #expect(try await records.record(.client, "web")?.body == [1])
    #expect(try await records.record(.client, "b") == nil)
  }

  @Test("are written by who has seen what is there: of two who come at once one is told that the other was first")
  func compareAndSet() async throws {
    let first = try #require(try await records.put(.user, "ann", [1], expecting: nil))
    #expect(try await records.put(.user, "ann", [2], expecting: nil) == nil)
    let second = try #require(try await records.put(.user, "ann", [2], expecting: first))
    #expect(second > first)
    #expect(try await records.put(.user, "ann", [3], expecting: first) == nil)
    #expect(try await records.remove(.user, "ann", expecting: first) == false)
    #expect(try await records.record(.user, "ann") == SharedRecord(name: "ann", body: [2], change: second))
    #expect(try await records.remove(.user, "ann", expecting: second))
    #expect(try await records.remove(.user, "ann", expecting: second) == false)
    #expect(try await records.put(.user, "ann", [4], expecting: second) == nil)
    #expect(try await records.records(.user).count == 0)
  }

  @Test("are found by the number of their change, which also says what was removed: by the count")
  func since() async throws {
    let first = try #require(try await records.put(.user, "ann", [1], expecting: nil))
    let second = try #require(try await records.put(.user, "bob", [1], expecting: nil))
    let later = try await records.records(.user, after: first)
    #expect(later.records.map(\.name) == ["bob"])
    #expect(later.count == 2)
    #expect(try await records.remove(.user, "ann", expecting: first))
    let rest = try await records.records(.user, after: second)
    #expect(rest.records.isEmpty)
    #expect(rest.count == 1)
  }

  @Test("tell the ledger of each change, and of nothing that was refused")
  func telling() async throws {
    func told() throws -> String? { try steps.database.value("select record_change from refresh_ledger.ledger") }
    let first = try #require(try await records.put(.key, "access", [1], expecting: nil))
    #expect(try told() == "\(first)")
    _ = try await records.put(.key, "access", [2], expecting: first + 1)
    #expect(try told() == "\(first)")
    let second = try #require(try await records.put(.key, "access", [2], expecting: first))
    #expect(try told() == "\(second)")
    #expect(try await records.remove(.key, "access", expecting: second))
    #expect(try told().flatMap(Int64.init) ?? 0 > second)
  }

  @Test("are written once by a call whose first try was carried out and not answered")
  func retry() async throws {
    steps.losesAnswers = true
    let first = try #require(try await records.put(.user, "ann", [1], expecting: nil))
    let second = try #require(try await records.put(.user, "ann", [2], expecting: first))
    #expect(try await records.record(.user, "ann") == SharedRecord(name: "ann", body: [2], change: second))
    #expect(try await records.remove(.user, "ann", expecting: second))
    #expect(try await records.records(.user).count == 0)
  }

  @Test("have names and bodies within limits: others are refused before anything is asked")
  func limits() async throws {
    for name in ["", String(repeating: "a", count: 2049), "a\0b"] {
      await #expect(throws: LedgerError.self) { try await records.put(.user, name, [], expecting: nil) }
    }
    let large = [UInt8](repeating: 7, count: 1 << 20)
    #expect(try await records.put(.user, String(repeating: "a", count: 2048), large, expecting: nil) != nil)
    await #expect(throws: LedgerError.self) { try await records.put(.user, "b", large + [7], expecting: nil) }
    #expect(try await records.records(.user).records.map(\.body) == [large])
  }
}

@Suite("What a ledger says of its tokens", .fewAtOnce)
struct LedgerTermsTests {
  @Test("is what the first instance said, until another has another policy; another issuer changes nothing")
  func exchange() async throws {
    let steps = try await SingleConnection.open()
    func exchange(_ issuer: String, _ policy: String?) async throws -> LedgerTerms {
      try await LedgerTerms.exchange(issuer: issuer, policy: policy, steps)
    }
    #expect(try await exchange("https://a", "p") == LedgerTerms(issuer: nil, policy: nil))
    #expect(try await exchange("https://a", "p") == LedgerTerms(issuer: "https://a", policy: "p"))
    #expect(try await exchange("https://a", "q") == LedgerTerms(issuer: "https://a", policy: "p"))
    #expect(try await exchange("https://b", "r") == LedgerTerms(issuer: "https://a", policy: "q"))
    #expect(try await exchange("https://a", "q") == LedgerTerms(issuer: "https://a", policy: "q"))
    func stale() throws -> String? { try steps.database.value("select stale_ms from refresh_ledger.ledger") }
    for announced: Int64 in [5000, 60_000, 200] {
      _ = try await LedgerTerms.exchange(
        issuer: "https://a", policy: "q", staleMilliseconds: announced, steps)
    }
    _ = try await LedgerTerms.exchange(issuer: "https://b", policy: "q", staleMilliseconds: 90_000, steps)
    #expect(try stale() == "60000")
    // A command's: it is no instance.
    for _ in 0..<2 { #expect(try await exchange("https://a", nil) == LedgerTerms(issuer: "https://a", policy: "q")) }
  }
}
#endif
