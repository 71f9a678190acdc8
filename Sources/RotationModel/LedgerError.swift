/// The reason that a ledger could not answer a call.
///
/// The refusal of a token is a value, never one of these errors.
@nonexhaustive
public enum LedgerError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Too many calls are waiting. Nothing was written; the call can be repeated in a moment.
  case overloaded
  /// The store behind the ledger does not answer; the text names it and the cause. Nothing was written; the call can be
  /// repeated later.
  case unavailable(String)
  /// The call may or may not have taken effect, and the ledger continues; the text tells what happened.
  ///
  /// Repeating the call never applies it twice. A rotation that took effect is answered again only inside its grace
  /// window; after that, repeating it counts as reuse.
  case outcomeUnknown(String)
  /// The ledger accepts no more changes until it is opened again; the text gives the reason. The outcome of a call that
  /// was under way is unknown.
  case closed(String)
  /// The ledger has no room for another session.
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
