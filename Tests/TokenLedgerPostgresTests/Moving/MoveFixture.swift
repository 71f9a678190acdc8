#if Postgres
import Foundation
import PostgresTesting
import Synchronization
import Testing
import TokenLedger
import TokenTestInputs

@testable import TokenLedgerPostgres

/// A folder with a ledger, a database without one, and one clock for both.
final class MoveFixture: Sendable {
  let database: TestedDatabase
  let clock = ManualClock()
  private let folder: FilePath

  init() async throws {
    database = try await TestedDatabase.make()
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("moving-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    folder = FilePath(url.path)
    let connection = try database.connect()
    defer { connection.close() }
    let name = try SchemaName(PostgresOptions().schema)
    _ = try DatabaseSchema.install(name, on: connection, deadline: .now + .seconds(60))
    // The server's own clock was asked, and the tests' is behind it.
    try database.execute("update \(name.quoted).ledger set high_ms = 0")
  }

  deinit {
    try? FileManager.default.removeItem(atPath: folder.string)
  }

  /// The folder of the log.
  var log: FilePath { folder.appending("log") }
  /// Where a ledger leaves for.
  var target: FilePath { folder.appending("target") }

  var options: PostgresOptions { options(schema: PostgresOptions().schema) }

  func options(schema: String) -> PostgresOptions {
    var options = PostgresOptions()
    options.standby = .none
    options.schema = schema
    options.connections = 1
    options.requestDeadline = .seconds(20)
    options.simulatedClock = clock.sessionClock
    return options
  }

  func adoption(schema: String = PostgresOptions().schema) -> FolderAdoption {
    var adoption = FolderAdoption(log, to: database.address, options: options(schema: schema))
    adoption.clock = clock.sessionClock
    return adoption
  }

  func departure() -> LedgerDeparture { LedgerDeparture(from: database.address, options: options, to: target) }

  /// The folder's ledger, closed after `body`.
  func withFolder<Outcome>(
    _ path: FilePath? = nil, _ body: (RefreshLedger) async throws -> Outcome
  ) async throws -> Outcome {
    let (ledger, _) = try await RefreshLedger.open(
      folder: path ?? log, options: LedgerOptions(durability: .none), clock: clock.sessionClock)
    do {
      let outcome = try await body(ledger)
      try await ledger.close()
      return outcome
    } catch {
      try? await ledger.close()
      throw error
    }
  }

  /// An instance on the database, closed after `body`.
  func withInstance<Outcome>(_ body: (PostgresLedger) async throws -> Outcome) async throws -> Outcome {
    try await PostgresLedger.withOpen(database.address, options, body)
  }

  /// Why the folder does not open; nil if it does.
  func refusalOfFolder() async -> String? {
    do {
      try await withFolder { _ in }
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// Why an instance does not serve from the database; nil if it does.
  func refusalOfInstance() async -> String? {
    do {
      try await withInstance { _ in }
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// What a table of the ledger counts.
  func count(_ table: String, schema: String = PostgresOptions().schema) throws -> Int {
    Int(try database.value("select count(*) from \(schema).\(table)") ?? "") ?? -1
  }
}

/// Ends a move at the step with this number, from 0 on.
final class StopAt: Sendable {
  private let step: Int
  private let seen = Mutex<[MoveProgress.Step]>([])

  init(_ step: Int) { self.step = step }

  var steps: [MoveProgress.Step] { seen.withLock { $0 } }

  @Sendable func take(_ progress: MoveProgress) -> Bool {
    seen.withLock { seen in
      seen.append(progress.step)
      return seen.count <= step
    }
  }
}

/// All of the contents, in an order of its own.
struct ToldContents: Equatable {
  var shifts: [TimeShifts.Change]
  var entries: Set<MovedEntry>
  var marks: [SessionScope: Timestamp]
  var revokedTokens: [TokenID: Timestamp]
  var usedProofs: [Digest256: Timestamp]

  init(_ ledger: RefreshLedger) async {
    let contents = await ledger.contents()
    shifts = contents.shifts
    marks = Dictionary(uniqueKeysWithValues: contents.marks.map { ($0.scope, $0.time) })
    revokedTokens = contents.revokedTokens
    usedProofs = Dictionary(uniqueKeysWithValues: contents.usedProofs.map { ($0.digest, $0.end) })
    entries = []
    var place: Int? = 0
    while let from = place {
      let (found, next) = contents.entries(from: from, most: 7)
      entries.formUnion(found)
      place = next
    }
  }

  var sessions: [MovedSession] {
    entries.compactMap { entry in if case .session(let session) = entry { session } else { nil } }
      .sorted { $0.id < $1.id }
  }
}

/// What is asked of a ledger with a log and of one in a database alike.
typealias AskedLedger = SessionLedger & OneTimeLedger

/// A past of sessions of all kinds; the seed decides all of it.
struct MovedPast {
  private var generator: SeededGenerator
  /// Each state of a session in which a token of it was handed out.
  private(set) var handedOut: [Session] = []
  private(set) var oneTimeTokens: [SessionID] = []

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  private mutating func pick<Element>(_ choices: [Element]) -> Element {
    choices[Int.random(in: 0..<choices.count, using: &generator)]
  }

  mutating func step(_ ledger: any AskedLedger, _ clock: ManualClock) async throws {
    clock.advance(milliseconds: pick([1, 5, 40, 700, 1_100]))
    let (subject, client) = ("user \(pick([0, 1, 2, 3, 4, 5]))", pick(["web", "phone"]))
    switch Int.random(in: 0..<20, using: &generator) {
    case 0...7:
      let lifetimes = try #require(
        Lifetimes(idleMilliseconds: pick([20_000, 3_600_000]), absoluteMilliseconds: 36_000_000))
      var grant = SessionGrant(
        subject: subject, client: client, scope: "read write", lifetimes: lifetimes,
        rotation: pick([.always, .always, .never]), label: pick([nil, "telephone"]),
        subjectVersion: AccountVersion("1"), clientVersion: .unknown, accessMilliseconds: 900_000)
      grant.attributes = pick([[], [], [1, 2, 3]])
      if pick([true, false, false]) { grant.keys.ofLastUse = digest() }
      handedOut.append(try await ledger.open(grant, deadline: nil) { session, _ in session })
    case 8...13:
      guard !handedOut.isEmpty else { return }
      var request = rotation(of: pick(handedOut).refreshTokenID, client: client)
      if let key = digest(), let use = digest(), pick([true, false]) {
        request.proof = KeyProof(key: key, useDigest: use, end: ledger.now().advanced(byMilliseconds: 60_000))
      }
      if case .rotated(let session) = try await ledger.rotate(request, deadline: nil, reply: { outcome, _ in outcome })
      {
        handedOut.append(session)
      }
    case 14:
      guard !handedOut.isEmpty else { return }
      try await ledger.revokeAccess(pick(handedOut).tokenID, until: ledger.now().advanced(byMilliseconds: 600_000))
    case 15, 16:
      guard !handedOut.isEmpty else { return }
      _ = try await ledger.revoke(pick(handedOut).id)
    case 17:
      guard pick([true, false, false]) else { return }
      _ = try await ledger.revoke(
        pick([.subject(subject), .subjectAtClient(subject: subject, client: client), .client(client)]))
    default:
      let grant = OneTimeGrant(
        purpose: "reset", subject: subject, payload: [7, 8], lifetimeMilliseconds: pick([30_000, 900_000]))
      oneTimeTokens.append(try await ledger.issue(grant) { id, _ in id })
      if pick([true, false]) { _ = try await ledger.consume(pick(oneTimeTokens), purpose: "reset") }
    }
  }

  private mutating func digest() -> Digest256? {
    Digest256(Array(repeating: UInt8.random(in: 1...255, using: &generator), count: Digest256.byteCount))
  }

  mutating func rotation(of token: TokenID, client: String) -> RotationRequest {
    RotationRequest(
      token: token, client: client, graceMilliseconds: pick([0, 60_000]), reuse: pick([.revokeSession, .refuse]),
      narrowedScope: pick([nil, nil, "read"]), accessMilliseconds: 900_000)
  }
}

extension Rotation {
  /// What it says, without times that two ledgers on one clock may see a millisecond apart.
  var words: String {
    func words(_ session: Session) -> String {
      "\(session.id) \(session.generation) \(session.subject) \(session.client) \(session.scope) \(session.narrowedScope ?? "-") "
        + "\(session.label ?? "-") \(session.rotation) \(session.openedAt) \(session.absoluteEnd)"
    }
    return switch self {
    case .rotated(let session): "rotated \(words(session))"
    case .refreshed(let session): "refreshed \(words(session))"
    case .retried(let session, let reuse): "retried \(reuse) \(words(session)) \(session.refreshedAt)"
    case .refused(let refusal): "refused \(refusal)"
    }
  }
}
#endif
