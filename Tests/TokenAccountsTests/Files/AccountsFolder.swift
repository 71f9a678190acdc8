import Foundation
import Synchronization
import TokenLedger

@testable import TokenAccounts

/// A folder for one test, removed with the value, and the account files in it.
final class AccountsFolder: Sendable {
  let path: String
  let time = Mutex(Duration.zero)
  let events = Mutex<[AccountFileEvent]>([])

  /// Argon2 at the least cost there is: what the tests are about is not the time.
  static let cheap = PasswordCost(memoryKiB: 8, passes: 1, lanes: 1) ?? .standard

  init() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("accounts-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var usersPath: String { "\(path)/\(SubjectFile.fileName)" }
  var clientsPath: String { "\(path)/\(ClientFile.fileName)" }

  func users(pool: PasswordPool = PasswordPool()) throws(AccountError) -> SubjectFile {
    try SubjectFile(
      path: usersPath, pool: pool, cost: AccountsFolder.cheap, clock: { self.time.withLock { $0 } },
      observer: { event in self.events.withLock { $0.append(event) } })
  }

  func clients() throws(AccountError) -> ClientFile {
    try ClientFile(
      path: clientsPath, clock: { self.time.withLock { $0 } },
      observer: { event in self.events.withLock { $0.append(event) } })
  }

  func advance(milliseconds: Int) {
    time.withLock { $0 += .milliseconds(milliseconds) }
  }

  /// Puts `text` in the file's place by a rename, as an editor or another program does.
  func replace(_ path: String, with text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
  }

  func text(of path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }

  func mode(of path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
  }
}

/// The failure that `work` throws, nil where it throws none.
func accountFailure(_ work: () throws(AccountError) -> Void) -> AccountError? {
  do throws(AccountError) {
    try work()
    return nil
  } catch {
    return error
  }
}
