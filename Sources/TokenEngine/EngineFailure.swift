public import TokenLedger
internal import WriteAheadLog

/// Why the engine could not answer. A refused token or log-in is not one of these: it is a ``GrantRefusal``.
///
/// No failure has consumed a token that the caller could still need: either nothing was written, or the outcome is
/// unknown (the log failed) and the ledger accepts nothing more until it is opened again.
public enum EngineFailure: Error, Sendable, CustomStringConvertible {
  case ledger(LedgerFailure)
  /// A subject or client store did not answer; trying again later may do.
  case store(StoreFailure)
  /// A store or the claims closure of the embedder threw something of its own. Nothing was consumed.
  case foreign(any Error)
  /// The key files are missing, unreadable or unsafe; the text names the file and the fix.
  case keys(String)
  /// A setting or argument is outside its limit; nothing was written.
  case invalid(field: String, limit: String)

  /// Whether the request was in order and may be sent again later: too much to do, a store or the log unavailable.
  public var isTemporary: Bool {
    switch self {
    case .ledger(.log), .ledger(.full), .store, .foreign: true
    case .ledger(.invalid), .keys, .invalid: false
    }
  }

  /// What was asked for more than it takes at a time.
  public enum Overload: String, Sendable, CaseIterable {
    /// As much waits for the disk as may, or the disk does not answer.
    case log
    case store
  }

  /// Nil where the failure is none of too much work.
  public var overload: Overload? {
    switch self {
    case .ledger(.log(.overloaded)): .log
    case .store(.overloaded): .store
    default: nil
    }
  }

  public var description: String {
    switch self {
    case .ledger(let failure): failure.description
    case .store(.overloaded): "the store has more work than it accepts; try again later"
    case .store(.unreadable(let what)): what
    case .foreign(let error): "a store or the claims closure failed: \(type(of: error))"
    case .keys(let what): what
    case .invalid(let field, let limit): "\(field) is outside its limit: \(limit)"
    }
  }
}
