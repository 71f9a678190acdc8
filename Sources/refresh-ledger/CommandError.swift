import Platform
import RefreshRotationLoad
import SystemPackage
import TokenAccounts
import TokenEngine
import TokenLedger
import TokenSigning
import WriteAheadLog

/// The exit codes of the commands.
///
/// Those from 64 on are the ones of sysexits(3).
enum ExitStatus: Int32 {
  /// The object of the command is bad: a corrupt log, a refused token.
  case bad = 1
  case usage = 64
  /// The file, user or client does not exist.
  case noInput = 66
  case internalFault = 70
  case cannotCreate = 73
  case inputOutput = 74
  /// Another program is in the way; the command can be repeated later.
  case temporary = 75
  case configuration = 78
}

/// The failure of a command: one line with the place, the cause and the fix, without a secret.
struct CommandError: Error, CustomStringConvertible {
  let status: ExitStatus
  let description: String

  init(_ status: ExitStatus, _ message: String) {
    self.status = status
    description = message
  }
}

extension CommandError {
  /// The failure of a command that needs a database, in a build without PostgreSQL.
  static let withoutPostgres = CommandError(
    .configuration, "this build has no PostgreSQL; take one with the package trait Postgres")

  /// Returns the failure for a path that has a file in place of a folder.
  static func notFolder(_ path: String) -> CommandError {
    var place = FilePath(path)
    // If no part before it is a file, the path itself is one.
    while !place.removingLastComponent().isEmpty, FileStatus(place.removingLastComponent().string)?.isFolder != true {
      place.removeLastComponent()
      if FileStatus(place.string) != nil { break }
    }
    return CommandError(
      .noInput, "\(place): is a file where a folder belongs; move it away, or name the server's data folder with --data"
    )
  }

  init(_ failure: LogError) {
    switch failure {
    case .corrupt, .unsupportedVersion, .rolledBack: self.init(.bad, failure.description)
    case .locked, .overloaded, .waitEnded: self.init(.temporary, failure.description)
    case .io(_, let path, Errno.notDirectory.rawValue): self = .notFolder(path)
    case .io: self.init(.inputOutput, failure.description)
    case .moved: self.init(.configuration, failure.description)
    case .closed: self.init(.internalFault, failure.description)
    }
  }

  init(_ error: LedgerError) {
    switch error {
    case .overloaded, .unavailable, .outcomeUnknown: self.init(.temporary, error.description)
    // The ledger of a command closes only if its disk fails.
    case .closed: self.init(.inputOutput, error.description)
    case .full, .invalid: self.init(.internalFault, error.description)
    }
  }

  init(_ failure: EngineError) {
    switch failure {
    case .log(let failure): self.init(failure)
    case .ledger(let error): self.init(error)
    case .foreign: self.init(.internalFault, failure.description)
    case .store: self.init(.temporary, failure.description)
    case .keys, .invalid, .badProof: self.init(.configuration, failure.description)
    }
  }

  init(_ failure: AccountError) {
    let status: ExitStatus
    switch failure {
    case .database(let error, _): status = CommandError(error).status
    case .contended: status = .temporary
    case .exists, .full: status = .cannotCreate
    case .unknown: status = .noInput
    case .invalid: status = .usage
    case .malformed: status = .configuration
    case .inaccessible: status = .inputOutput
    case .locked: status = .temporary
    case .hashing: status = .internalFault
    case .overloaded: status = .temporary
    }
    self.init(status, failure.description)
  }

  init(_ failure: KeyChangeError) {
    switch failure {
    case .files(let failure): self.init(failure)
    case .locked: self.init(.temporary, failure.description)
    case .full: self.init(.cannotCreate, failure.description)
    case .unknownKey: self.init(.noInput, failure.description)
    case .notRetiring, .tokensAlive, .unpublished: self.init(.bad, failure.description)
    }
  }

  init(_ failure: KeyError) {
    switch failure.kind {
    case .missing: self.init(.noInput, failure.description)
    case .inputOutput: self.init(.inputOutput, failure.description)
    case .unavailable: self.init(.temporary, failure.description)
    case .exposed, .malformed, .weak: self.init(.configuration, failure.description)
    }
  }
}

extension CommandError {
  /// Returns the failure for a request to the server at `url` that got no reply.
  static func noReply(_ error: any Error, from url: String) -> CommandError {
    let failure = ConnectionErrorWords.failure(error, at: url)
    if case .tls = failure { return CommandError(.configuration, failure.description) }
    return CommandError(.temporary, "\(failure); check the address and that a server runs there")
  }
}
