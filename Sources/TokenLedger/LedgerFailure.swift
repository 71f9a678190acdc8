public import WriteAheadLog

/// Why the ledger could not answer at all; a refusal of a token is a value, not one of these.
public enum LedgerFailure: Error, Sendable, CustomStringConvertible {
  /// The log refused or failed: locked, corrupt, overloaded, an I/O error, closed. After an I/O error the ledger
  /// is closed for writes for good; what was acknowledged is on disk.
  case log(LogFailure)
  /// A value passed by the caller is outside its limit; nothing was written.
  case invalid(field: String, limit: String)
  /// No slot is left: 2^32 - 1 sessions live or remembered.
  case full

  public var description: String {
    switch self {
    case .log(let failure): failure.description
    case .invalid(let field, let limit): "\(field) is outside its limit: \(limit)"
    case .full: "the ledger holds as many sessions as it can number; shorten the lifetimes or shard by subject"
    }
  }
}
