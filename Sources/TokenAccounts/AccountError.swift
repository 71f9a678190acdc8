package import Platform
internal import SystemPackage

/// What one of the account files holds.
public enum AccountKind: String, Sendable, Equatable {
  case user
  case client
}

/// Why an account file could not be read or changed. Each description is one line that says what, where and the fix,
/// and holds no password, secret or hash.
@nonexhaustive
public enum AccountError: Error, Sendable, Equatable {
  /// The name is taken; nothing was changed.
  case exists(AccountKind, name: String)
  /// There is no such name; nothing was changed.
  case unknown(AccountKind, name: String)
  /// A value given by the caller is outside its limit. `rule` says what the limit is.
  case invalid(field: String, rule: String)
  /// The file holds as many entries, or as many bytes, as it may; nothing was changed.
  case full(AccountKind, path: String)
  /// The contents of the file are refused as a whole. `what` names the entry and the member.
  case malformed(path: String, what: String, fix: String)
  /// The file system refused: `what` names the step and the system's reason.
  case inaccessible(path: String, what: String, fix: String)
  /// Another program has held the lock file for longer than a change can take.
  case locked(path: String)
  /// The machine has no memory or no randomness to make a hash with.
  case hashing(String)
  /// As many passwords wait for a worker of the ``PasswordPool`` as may; nothing was hashed.
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
    case .hashing(let reason):
      "the hash could not be made (\(reason)): free memory and try again"
    case .overloaded:
      "more passwords wait to be hashed than may: try again later"
    }
  }
}

extension AccountError {
  /// What the system refused, and why.
  static func system(_ what: String, _ code: Errno, path: String, fix: String) -> AccountError {
    .inaccessible(path: path, what: "\(what) (\(code))", fix: fix)
  }

  /// A file that was to be replaced at `path`, by way of a temporary one beside it.
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

/// What happened to an account file that an open ``SubjectFile`` or ``ClientFile`` follows.
public enum AccountFileEvent: Sendable, Equatable {
  /// A changed file was read and is in force from now on.
  case reloaded(path: String, entries: Int)
  /// With that the sessions of these are to end: users that were removed or disabled or have another password, clients that were
  /// removed.
  case ended(AccountKind, names: [String])
  /// A changed file was refused; what was read before stays in force. Reported once for each change.
  case refused(AccountError)
}
