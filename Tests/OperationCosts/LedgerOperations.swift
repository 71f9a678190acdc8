internal import SystemPackage
internal import TokenLedger
internal import TokenTestInputs
internal import WriteAheadLog

extension Operation {
  /// Rotations without a disk, and into a log in a folder, which is best one in memory.
  static let ledger: [Operation] = [
    Operation("ledger rotate, in memory") { rounds, _ in
      var sessions = try await OpenSessions(in: inMemoryLedger())
      for _ in 0..<rounds { try await sessions.rotateOne() }
    },
    Operation("ledger rotate, in memory, batch of 100", unitsPerRound: 100, rounds: 40) { rounds, _ in
      var sessions = try await OpenSessions(in: inMemoryLedger())
      for _ in 0..<rounds { try await sessions.rotateBatch(of: 100) }
    },
    Operation("ledger rotate, durable", rounds: 1000) { rounds, folder in
      let ledger = try await loggedLedger(in: folder)
      var sessions = try await OpenSessions(in: ledger)
      for _ in 0..<rounds { try await sessions.rotateOne() }
      try await ledger.close()
    },
    Operation("ledger rotate, durable, batch of 100", unitsPerRound: 100, rounds: 40) { rounds, folder in
      let ledger = try await loggedLedger(in: folder)
      var sessions = try await OpenSessions(in: ledger)
      for _ in 0..<rounds { try await sessions.rotateBatch(of: 100) }
      try await ledger.close()
    },
    Operation("ledger open and revoke a session, in memory", rounds: 1000) { rounds, _ in
      let ledger = inMemoryLedger()
      for _ in 0..<rounds {
        let session = try await ledger.open(OpenSessions.grant)
        guard try await ledger.revoke(session.id) else { throw UnexpectedOutcome("an open session was not revoked") }
      }
    },
  ]

  static let noon = Timestamp(milliseconds: 1_767_225_600_000)
  /// Stands still: how far the timing wheel turns must not depend on the machine's speed.
  static let clock = SessionClock { noon }

  static func inMemoryLedger() -> RefreshLedger {
    .inMemory(clock: clock, random: SeededGenerator(seed: 1))
  }

  static func loggedLedger(in folder: String) async throws -> RefreshLedger {
    try await RefreshLedger.open(
      storage: FolderStorage(path: FilePath(folder)), executor: OneThread.shared, options: LedgerOptions(),
      clock: clock, random: SeededGenerator(seed: 1)
    ).ledger
  }
}

/// Sessions of one subject, each of which is rotated in its turn.
struct OpenSessions {
  static let count = 1000
  static let lifetimes = Lifetimes(idleMilliseconds: 86_400_000, absoluteMilliseconds: 86_400_000)
  static var grant: SessionGrant {
    get throws {
      guard let lifetimes else { throw UnexpectedOutcome("a day is a lifetime") }
      return SessionGrant(subject: "ann", client: "web", scope: "read write", lifetimes: lifetimes)
    }
  }

  private let ledger: RefreshLedger
  private var tokens: [TokenID]
  private var next = 0

  init(in ledger: RefreshLedger) async throws {
    self.ledger = ledger
    let grants = Array(repeating: try Self.grant, count: Self.count)
    tokens = try await ledger.open(grants).map(\.tokenID)
  }

  mutating func rotateOne() async throws {
    guard case .rotated(let session) = try await ledger.rotate(request(at: next)) else {
      throw UnexpectedOutcome("a live token was refused")
    }
    put(session)
  }

  mutating func rotateBatch(of count: Int) async throws {
    var requests: [RotationRequest] = []
    requests.reserveCapacity(count)
    for offset in 0..<count { requests.append(request(at: (next + offset) % tokens.count)) }
    for outcome in try await ledger.rotate(requests) {
      guard case .rotated(let session) = outcome else { throw UnexpectedOutcome("a live token was refused") }
      put(session)
    }
  }

  private func request(at place: Int) -> RotationRequest {
    RotationRequest(token: tokens[place], client: "web")
  }

  private mutating func put(_ session: Session) {
    tokens[next] = session.tokenID
    next = (next + 1) % tokens.count
  }
}
