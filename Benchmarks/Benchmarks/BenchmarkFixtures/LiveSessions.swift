import Synchronization
import TokenLedger

/// Live sessions in a ledger, rotated in turn: each one again only when all others had theirs.
public final class LiveSessions: Sendable {
  public let ledger: RefreshLedger
  private let ids: [SessionID]
  private let turns = Atomic<Int>(0)
  /// The distance between the sessions of neighbouring turns, which are spread over memory.
  ///
  /// It is prime to every power of ten, so that each session has its turn.
  private static let stride = 7919

  /// Opens the sessions, ten for each subject.
  ///
  /// - Parameters:
  ///   - count: A power of ten, and far more than there are callers.
  ///   - ledger: The ledger that opens them.
  /// - Throws: `LedgerError` if the ledger does not open one of them.
  public init(_ count: Int, in ledger: RefreshLedger) async throws {
    self.ledger = ledger
    var ids: [SessionID] = []
    ids.reserveCapacity(count)
    while ids.count < count {
      let grants = (ids.count..<min(count, ids.count + 4000)).map { SessionGrant.ofSubject($0 / 10) }
      ids += try await ledger.open(grants).map(\.id)
    }
    self.ids = ids
  }

  /// Rotates so many tokens, in batches and by so many callers at a time.
  public func rotate(_ count: Int, batch: Int = 1, callers: Int = 1) async throws {
    if callers == 1 { return try await rotateAlone(count, batch: batch) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for caller in 0..<callers {
        let share = (count + caller) / callers
        group.addTask { try await self.rotateAlone(share, batch: batch) }
      }
      try await group.waitForAll()
    }
  }

  private func rotateAlone(_ count: Int, batch: Int) async throws {
    if batch == 1 {
      for _ in 0..<count { try Self.check(await ledger.rotate(takeTurn())) }
    } else {
      for _ in 0..<(count / batch) {
        for outcome in try await ledger.rotate((0..<batch).map { _ in takeTurn() }) { try Self.check(outcome) }
      }
    }
  }

  private func takeTurn() -> RotationRequest {
    let turn = turns.add(1, ordering: .relaxed).oldValue
    let place = turn % ids.count * Self.stride % ids.count
    return RotationRequest(
      token: TokenID(session: ids[place], generation: UInt32(turn / ids.count)), client: "web")
  }

  private static func check(_ outcome: Rotation) throws {
    guard case .rotated = outcome else { throw UnexpectedOutcome("a live token was refused: \(outcome)") }
  }
}

extension SessionGrant {
  /// A session of a day.
  public static func ofSubject(_ number: Int) -> SessionGrant {
    guard let lifetimes = Lifetimes(idleMilliseconds: 86_400_000, absoluteMilliseconds: 86_400_000) else {
      preconditionFailure("a day is a lifetime")
    }
    return SessionGrant(subject: "subject-\(number)", client: "web", scope: "read write", lifetimes: lifetimes)
  }
}

/// A benchmark that measures something else than it says.
public struct UnexpectedOutcome: Error {
  public let what: String

  public init(_ what: String) { self.what = what }
}
