#if Postgres
internal import PostgresTesting
internal import Synchronization
internal import TokenLedger
internal import TokenLedgerPostgres

/// One of the instances on a ledger, and the way to the database on which it meets faults.
final class ProofInstance: Sendable {
  let ledger: PostgresLedger
  private let proxy: FaultProxy?
  /// Whether a call may be given up at any time, since its time is short.
  private let isImpatient: Bool
  private let cuts = Atomic(0)

  init(_ ledger: PostgresLedger, by proxy: FaultProxy? = nil, isImpatient: Bool = false) {
    (self.ledger, self.proxy, self.isImpatient) = (ledger, proxy, isImpatient)
  }

  /// What its calls met up to a moment.
  struct Past: Sendable {
    fileprivate let strikes: Int
    fileprivate let cuts: Int
  }

  var past: Past { Past(strikes: proxy?.struckCount ?? 0, cuts: cuts.load(ordering: .relaxed)) }

  /// Whether a call that was asked for then was possibly tried twice.
  func mayHaveRetried(since past: Past) -> Bool {
    isImpatient || cuts.load(ordering: .relaxed) != past.cuts
      || strikes(since: past).contains { $0.fault.leavesUnknown(at: $0.exchange) }
  }

  /// Whether a call that was asked for then may be given up.
  func mayGiveUp(since past: Past) -> Bool { isImpatient || strikes(since: past).contains { $0.fault == .hold } }

  private func strikes(since past: Past) -> ArraySlice<(exchange: ProxyExchange, fault: RequestFault)> {
    proxy.map { $0.strikes.dropFirst(past.strikes) } ?? []
  }

  /// Whether a call gets an answer.
  func answers() async -> Bool {
    do throws(LedgerError) {
      _ = try await ledger.session(SessionID(high: 0, low: 0))
      return true
    } catch {
      return false
    }
  }

  /// Ends all its connections.
  func cut() {
    cuts.add(1, ordering: .relaxed)
    proxy?.cutAll()
  }
}

extension RequestFault {
  /// Whether the client cannot know what became of the request, by rule 4 of docs/postgres-ledger.md.
  func leavesUnknown(at exchange: ProxyExchange) -> Bool {
    // What comes after a commit says nothing of it.
    if ["notify", "standby_after"].contains(exchange.statements.first) { return true }
    return switch self {
    case .cutBefore, .cutBeforeEnd, .cutAfter, .cutInside, .hold, .deny, .warn: true
    case .failFirst(let code): !Self.conflicts.contains(code) && exchange.statements.last == "commit"
    case .failLast(let code): !Self.conflicts.contains(code)
    }
  }

  /// Codes that say that a transaction was rolled back.
  static let conflicts = ["40001", "40P01", "55P03"]
}
#endif
