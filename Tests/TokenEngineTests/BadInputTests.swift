import Foundation
import SystemPackage
import Testing
import TokenEngine
import TokenLedger
import TokenTesting

@Suite("Input outside its limits is named, with the limit, and nothing is written", .fewAtOnce)
struct BadInputTests {
  private static let web = Client(id: "web", isPublic: true)

  private func expect(
    _ engine: RotationEngine, _ says: String, _ body: () async throws -> Void
  ) async {
    let before = await engine.statistics.sequence
    let failure = await #expect(throws: EngineError.self) { try await body() }
    #expect(failure?.description == says)
    #expect(failure?.isTemporary == false)
    #expect(await engine.statistics.sequence == before)
  }

  @Test(
    "a setting of the engine",
    arguments: [
      (\EngineOptions.grace, Duration.milliseconds(300_001), "grace is outside its limit: from 0s to 300s"),
      (\EngineOptions.grace, .milliseconds(-1), "grace is outside its limit: from 0s to 300s"),
      (\EngineOptions.accessLifetime, .zero, "accessLifetime is outside its limit: from 1ms to 30d"),
      (
        \EngineOptions.accessLifetime, .seconds(30 * 86_400 + 1), "accessLifetime is outside its limit: from 1ms to 30d"
      ),
      (\EngineOptions.idleLifetime, .zero, "idleLifetime is outside its limit: from 1ms to 36600d"),
      (\EngineOptions.absoluteLifetime, .seconds(-1), "absoluteLifetime is outside its limit: from 1ms to 36600d"),
    ] as [(any WritableKeyPath<EngineOptions, Duration> & Sendable, Duration, String)])
  func setting(
    path: any WritableKeyPath<EngineOptions, Duration> & Sendable, value: Duration, says: String
  ) async throws {
    var options = EngineOptions()
    options[keyPath: path] = value
    let folder = EngineFolder()
    do {
      _ = try await RotationEngine.open(folder: folder.path, options: options)
      Issue.record("an engine was opened")
    } catch {
      #expect(error.description == says)
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path.string))
  }

  @Test(
    "a session's label",
    arguments: TestedLedger.allCases, ["", "a\u{7}b", "a\u{85}b", String(repeating: "é", count: 65)])
  func label(on ledger: TestedLedger, label: String) async throws {
    let engine = try await ledger.engine(clock: ManualClock())
    await expect(engine, "label is outside its limit: 1 to 128 bytes without control characters") {
      _ = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [], label: label)
    }
  }

  @Test("a subject that the store does not know", arguments: TestedLedger.allCases)
  func unknownSubject(on ledger: TestedLedger) async throws {
    let subjects = SubjectTable()
    subjects.set(Subject(id: "ann", scopes: ["read"]), password: "ann")
    let engine = try await ledger.engine(clock: ManualClock(), subjects: subjects)
    await expect(engine, "subject is outside its limit: a subject that the store knows") {
      _ = try await engine.openSession(forSubject: "bob", client: Self.web)
    }
    #expect(try await engine.openSession(forSubject: "ann", client: Self.web).pair().scopes == Scopes("read"))
  }

  @Test("a subject by its id where there is no store", arguments: TestedLedger.allCases)
  func noStore(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: ManualClock())
    await expect(engine, "subjects is outside its limit: at least one store, to look subjects up") {
      _ = try await engine.openSession(forSubject: "ann", client: Self.web)
    }
  }

  @Test("a subject or client id that is empty, too long or has control characters", arguments: TestedLedger.allCases)
  func names(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: ManualClock())
    for subject in ["", "a\nb", String(repeating: "s", count: 513)] {
      await expect(engine, "subject is outside its limit: from 1 to 512 bytes without control characters") {
        _ = try await engine.openUncheckedSession(subject: subject, client: Self.web, scopes: [])
      }
    }
    for client in ["", "a\u{7F}", String(repeating: "c", count: 257)] {
      await expect(engine, "client is outside its limit: from 1 to 256 bytes without control characters") {
        _ = try await engine.openUncheckedSession(
          subject: "ann", client: Client(id: client, isPublic: true), scopes: [])
      }
    }
  }

  @Test(
    "a session id that is not one",
    arguments: ["", "short", String(repeating: "A", count: 17), "AAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAA+"])
  func sessionID(text: String) {
    let failure = #expect(throws: EngineError.self) { try SessionID(validating: text) }
    #expect(failure?.description == "session is outside its limit: 16 base64url characters")
  }

  @Test("a session id's own text is one", arguments: TestedLedger.allCases)
  func sessionIDText(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: ManualClock())
    let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    #expect(try SessionID(validating: pair.session.text) == pair.session)
  }

  @Test("a page of a listing, a buffer of events and a batch", arguments: TestedLedger.allCases)
  func counts(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: ManualClock())
    for limit in [0, -1, 1001] {
      await expect(engine, "limit is outside its limit: from 1 to 1000") {
        _ = try await engine.sessions(of: .all, limit: limit)
      }
    }
    await expect(engine, "buffer is outside its limit: from 1 to 1048576") {
      _ = try await engine.events(buffer: 0)
    }
    let request = OpeningRequest(subject: "ann", client: Self.web, scopes: [])
    await expect(engine, "batch is outside its limit: at most 4096") {
      _ = try await engine.openUncheckedSessions(Array(repeating: request, count: 4097))
    }
  }
}
