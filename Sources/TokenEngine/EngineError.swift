internal import Platform
public import RotationModel
internal import TokenSigning
public import WriteAheadLog

/// Why the engine could not answer. A refused token or log-in is not one of these: it is a ``GrantRefusal``.
///
/// Either nothing was written, or it is not known whether it was: the ledger says so (``LedgerError/outcomeUnknown(_:)``) and goes on, or it failed and
/// accepts nothing more until it is opened again. In the grace window a retry is answered with the pair that may have been lost.
@nonexhaustive
public enum EngineError: Error, Sendable, CustomStringConvertible {
  case ledger(LedgerError)
  /// The log in the folder cannot be opened, copied or brought to a checkpoint.
  case log(LogError)
  /// A subject or client store did not answer; trying again later may do.
  case store(StoreError)
  /// A store or the claims closure of the embedder threw something of its own. Nothing was consumed.
  case foreign(any Error)
  /// The key files are missing, unreadable or unsafe; the text names the file and the fix.
  case keys(String)
  /// A setting or argument is outside its limit; nothing was written.
  case invalid(field: String, limit: String)

  /// Whether the same call may do later on this engine: too much to do, a store that does not answer, a folder that another process has open.
  ///
  /// False once the log is closed, by ``RotationEngine/close()`` or because it failed: it takes nothing more until it is opened again.
  public var isTemporary: Bool {
    switch self {
    case .ledger(.overloaded), .ledger(.unavailable), .ledger(.outcomeUnknown), .ledger(.full), .log(.overloaded),
      .log(.locked), .log(.waitEnded), .store, .foreign:
      true
    case .ledger(.closed), .ledger(.invalid), .log, .keys, .invalid: false
    }
  }

  /// Whether the request was in order and it is the engine that cannot answer: what HTTP says with 503 and `Retry-After`. Another instance may,
  /// or the same one after a restart. True wherever ``isTemporary`` is, and when the ledger is closed.
  public var isUnavailable: Bool {
    switch self {
    case .ledger(.invalid), .keys, .invalid: false
    case .ledger, .log, .store, .foreign: true
    }
  }

  /// What was asked for more than it takes at a time.
  @nonexhaustive
  public enum Overload: String, Sendable, CaseIterable {
    /// As much waits for the disk as may, or the disk does not answer.
    case log
    case store
  }

  /// Nil where the failure is none of too much work.
  public var overload: Overload? {
    switch self {
    case .ledger(.overloaded), .log(.overloaded): .log
    case .store(.overloaded): .store
    default: nil
    }
  }

  public var description: String {
    switch self {
    case .ledger(let error): error.description
    case .log(let failure): failure.description
    case .store(.overloaded): "the store has more work than it accepts; try again later"
    case .store(.unreadable(let what)): what
    case .foreign(let error): "a store or the claims closure failed: \(type(of: error))"
    case .keys(let what): what
    case .invalid(let field, let limit): "\(field) is outside its limit: \(limit)"
    }
  }
}

extension EngineError {
  /// What a store threw, as ours.
  static func store(from error: any Error) -> EngineError {
    (error as? StoreError).map { .store($0) } ?? .foreign(error)
  }

  /// What the caller passed is the caller's, whoever found it.
  init(_ error: LedgerError) {
    if case .invalid(let field, let limit) = error {
      self = .invalid(field: field, limit: limit)
    } else {
      self = .ledger(error)
    }
  }
}

extension EngineError {
  /// Keys that cannot be reached are no worse than before.
  init(_ error: KeyChangeError) {
    if case .files(let failure) = error, failure.kind == .unavailable {
      self = .store(.unreadable("\(failure)"))
    } else {
      self = .keys("\(error)")
    }
  }
}

extension SessionID {
  /// Throws ``EngineError/invalid(field:limit:)`` with the field `session` unless `text` is the text of one.
  public init(validating text: String) throws(EngineError) {
    guard let id = SessionID(text: text) else {
      throw .invalid(field: "session", limit: "16 base64url characters")
    }
    self = id
  }
}

extension Limit {
  /// Throws ``EngineError/invalid(field:limit:)`` for a value outside.
  package func checkOption(_ field: String, _ value: Value) throws(EngineError) {
    guard range.contains(value) else { throw .invalid(field: field, limit: text) }
  }
}

extension Limit<Int> {
  /// The rule of every id that comes from outside: so many bytes, and no control character.
  package func checkID(_ field: String, _ id: String) throws(EngineError) {
    guard range.contains(id.utf8.count), !id.hasControlCharacters else { throw .invalid(field: field, limit: text) }
  }
}
