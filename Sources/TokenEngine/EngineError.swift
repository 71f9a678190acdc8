internal import Platform
public import RotationModel
internal import TokenSigning
public import WriteAheadLog

/// The reason that the engine could not answer.
///
/// A refused token or log-in is not one of these: it is a ``GrantRefusal``.
///
/// Either nothing was written, or it is unknown whether it was. In the second case the ledger says so
/// (``LedgerError/outcomeUnknown(_:)``) and continues, or it has failed and accepts no more changes until it is opened
/// again. In the grace window a retry is answered with the pair that may have been lost.
@nonexhaustive
public enum EngineError: Error, Sendable, CustomStringConvertible {
  case ledger(LedgerError)
  /// The log in the folder cannot be opened or copied, or its checkpoint cannot be written.
  case log(LogError)
  /// A subject or client store did not answer; the call can be repeated later.
  case store(StoreError)
  /// A store or the claims closure of the embedder threw an error of its own. Nothing was consumed.
  case foreign(any Error)
  /// The key files are missing, unreadable or unsafe; the text names the file and the fix.
  case keys(String)
  /// A setting or argument is outside its limit; nothing was written.
  case invalid(field: String, limit: String)
  /// The proof of an ``OpeningRequest`` is bad or was used before; no session was opened. Grants refuse with
  /// ``GrantRefusal/badProof(_:)`` instead.
  case badProof(BadProof)

  /// True if the same call can succeed later on this engine: there was too much work, a store did not answer, or
  /// another process has the folder open.
  ///
  /// False once the log is closed, by ``RotationEngine/close()`` or because it failed: it accepts no changes until it
  /// is opened again.
  public var isTemporary: Bool {
    switch self {
    case .ledger(.overloaded), .ledger(.unavailable), .ledger(.outcomeUnknown), .ledger(.full), .log(.overloaded),
      .log(.locked), .log(.waitEnded), .store, .foreign:
      true
    case .ledger(.closed), .ledger(.invalid), .log, .keys, .invalid, .badProof: false
    }
  }

  /// True if the request was valid and the engine could not answer it, for which HTTP has status 503 and `Retry-After`.
  ///
  /// Another instance may answer, or this one after a restart. It is true whenever ``isTemporary`` is, and if the
  /// ledger is closed.
  public var isUnavailable: Bool {
    switch self {
    case .ledger(.invalid), .keys, .invalid, .badProof: false
    case .ledger, .log, .store, .foreign: true
    }
  }

  /// The part that was asked for more than it can take at a time.
  @nonexhaustive
  public enum Overload: String, Sendable, CaseIterable {
    /// The log: too much is waiting for the disk, or the disk does not answer.
    case log
    case store
  }

  /// The overloaded part, or nil if the failure has another cause.
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
    case .badProof(let bad): bad.description
    }
  }
}

extension EngineError {
  /// Returns an error that a store threw as an engine error.
  static func store(from error: any Error) -> EngineError {
    (error as? StoreError).map { .store($0) } ?? .foreign(error)
  }

  /// Creates an error from that of a ledger.
  ///
  /// An invalid argument is reported as the caller's, whoever found it.
  init(_ error: LedgerError) {
    if case .invalid(let field, let limit) = error {
      self = .invalid(field: field, limit: limit)
    } else {
      self = .ledger(error)
    }
  }
}

extension EngineError {
  /// Creates an error from that of a change of keys.
  ///
  /// Keys that are out of reach count as a store that does not answer, not as bad keys.
  init(_ error: KeyChangeError) {
    if case .files(let failure) = error, failure.kind == .unavailable {
      self = .store(.unreadable("\(failure)"))
    } else {
      self = .keys("\(error)")
    }
  }
}

extension SessionID {
  /// Creates a session id from its text.
  ///
  /// - Throws: ``EngineError/invalid(field:limit:)`` with the field `session` unless `text` is the text of a session
  ///   id.
  public init(validating text: String) throws(EngineError) {
    guard let id = SessionID(text: text) else {
      throw .invalid(field: "session", limit: "16 base64url characters")
    }
    self = id
  }
}

extension Limit {
  /// Checks an option.
  ///
  /// - Throws: ``EngineError/invalid(field:limit:)`` if the value is outside the range.
  package func checkOption(_ field: String, _ value: Value) throws(EngineError) {
    guard range.contains(value) else { throw .invalid(field: field, limit: text) }
  }
}

extension Limit<Int> {
  /// Checks an id from outside: its number of bytes must be in the range, and it must have no control character.
  package func checkID(_ field: String, _ id: String) throws(EngineError) {
    guard range.contains(id.utf8.count), !id.hasControlCharacters else { throw .invalid(field: field, limit: text) }
  }
}
