package import Platform
internal import SystemPackage
public import TokenEngine

/// The kind of entries in an account file, or of records in a database.
public enum AccountKind: String, Sendable, Equatable {
  case user
  case client
}

/// The reason that accounts could not be read or changed.
///
/// Each description is one line with the place, the cause and the fix, and holds no password, secret or hash. `path` is
/// the file's path, or the database that holds the accounts and its schema.
@nonexhaustive
public enum AccountError: Error, Sendable, Equatable {
  /// The name is taken; nothing was changed.
  case exists(AccountKind, name: String)
  /// There is no such name; nothing was changed.
  case unknown(AccountKind, name: String)
  /// A value from the caller is outside its limit, which `rule` states.
  case invalid(field: String, rule: String)
  /// The file or the database holds as many entries as it can; nothing was changed.
  case full(AccountKind, path: String)
  /// The contents of the file are refused as a whole.
  ///
  /// `what` names the entry and the member.
  case malformed(path: String, what: String, fix: String)
  /// The file system refused; `what` names the step and the system's reason.
  case inaccessible(path: String, what: String, fix: String)
  /// Another program has held the lock file for longer than a change can take.
  case locked(path: String)
  /// Other programs change the account all the time; nothing was changed.
  case contended(AccountKind, name: String)
  /// The database that holds the accounts refused, for the ledger's reason.
  ///
  /// With ``LedgerError/outcomeUnknown(_:)`` the account may have been changed; otherwise nothing was.
  case database(LedgerError, path: String)
  /// The machine has no memory or no randomness for a hash.
  case hashing(String)
  /// Too many passwords are waiting for a worker of the ``PasswordPool``; nothing was hashed.
  case overloaded
}

extension AccountError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .exists(let kind, let name):
      "\(kind.rawValue) \(AccountText.quoted(name)) already exists: choose another name or remove it first"
    case .unknown(let kind, let name):
      "no \(kind.rawValue) \(AccountText.quoted(name)): list the \(kind.rawValue)s to see the names there are"
    case .invalid(let field, let rule):
      "\(field) \(rule)"
    case .full(let kind, let path):
      "\(path) is full: remove \(kind.rawValue)s that are not used, or bring a store of your own"
    case .malformed(let path, let what, let fix):
      "\(path): \(what): \(fix)"
    case .inaccessible(let path, let what, let fix):
      "\(path): \(what): \(fix)"
    case .locked(let path):
      "\(path) is locked by another program: wait for it to end and try again"
    case .contended(let kind, let name):
      "other programs change \(kind.rawValue) \(AccountText.quoted(name)) at the same time: try again when they have ended"
    case .database(.outcomeUnknown(let what), let path):
      "\(path): \(what): the account may have been changed: list the accounts and try again"
    case .database(let failure, let path):
      "\(path): \(failure): nothing was changed, try again when the database answers"
    case .hashing(let reason):
      "the hash could not be made (\(reason)): free memory and try again"
    case .overloaded:
      "more passwords wait to be hashed than may: try again later"
    }
  }
}

extension StoreError {
  /// Creates the store's error from the reason that an account could not be read.
  init(_ error: AccountError) {
    self = if case .database(.overloaded, _) = error { .overloaded } else { .unreadable(error.description) }
  }
}

extension AccountError {
  /// Returns the error for a refusal of the system, with its reason.
  static func system(_ what: String, _ code: Errno, path: String, fix: String) -> AccountError {
    .inaccessible(path: path, what: "\(what) (\(code))", fix: fix)
  }

  /// Creates the error for a failed replacement of the file at `path` by a temporary one beside it.
  package init(_ failure: FileReplacement.Failure, replacing path: String, by temporaryPath: String) {
    let (what, path, fix) =
      switch failure.step {
      case .openFolder: ("cannot be opened", FileSystem.folder(of: path), "make it readable")
      case .make: ("cannot be created", temporaryPath, AccountError.room)
      case .write: ("cannot be written", temporaryPath, AccountError.room)
      case .name: ("cannot be replaced", path, AccountError.room)
      case .syncFolder: ("cannot be synced", FileSystem.folder(of: path), "check the disk")
      }
    self = .system(what, failure.code, path: path, fix: fix)
  }

  private static let room = "free space on the disk and make the folder writable for this user"
}

/// An event of the accounts that an open ``SubjectFile`` or ``ClientFile``, or its counterpart in a database, follows.
///
/// `path` is the file's path, or the database and its schema.
public enum AccountFileEvent: Sendable, Equatable {
  /// Changed accounts were read and are in force from now on.
  case reloaded(path: String, entries: Int)
  /// The sessions of these must end with that: users that were removed or disabled or have another password, clients
  /// that were removed.
  case ended(AccountKind, names: [String])
  /// Changed accounts were refused or could not be read; the former ones stay in force.
  ///
  /// The event is reported once for each change.
  case refused(AccountError)
}
