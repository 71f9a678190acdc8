/// Why a ledger could not answer at all. A refusal of a token is a value, not one of these.
@nonexhaustive
public enum LedgerError: Error, Sendable, Hashable, CustomStringConvertible {
  /// More waits than may. Nothing was written; the same call may do in a moment.
  case overloaded
  /// What the ledger stands on does not answer; the text says what. Nothing was written; the same call may do later.
  case unavailable(String)
  /// The call may or may not have taken effect, and the ledger goes on; the text says what happened. To ask again changes nothing twice; a rotation
  /// that took effect is answered again within its grace window alone, and is a reuse after it.
  case outcomeUnknown(String)
  /// The ledger takes no more changes until it is opened again; the text says why. Of a call that was under way the outcome is unknown.
  case closed(String)
  /// No place is left for another session.
  case full
  /// A value that the caller passed is outside its limit. Nothing was written.
  case invalid(field: String, limit: String)

  public var description: String {
    switch self {
    case .overloaded: "more waits for the ledger than it may hold; try again in a moment"
    case .unavailable(let what), .outcomeUnknown(let what), .closed(let what): what
    case .full: "the ledger holds as many sessions as it can number; shorten the lifetimes or shard by subject"
    case .invalid(let field, let limit): "\(field) is outside its limit: \(limit)"
    }
  }
}
