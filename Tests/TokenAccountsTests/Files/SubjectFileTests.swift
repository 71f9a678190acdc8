import Foundation
import Testing
import TokenLedger

@testable import TokenAccounts

@Suite("The user file")
struct SubjectFileTests {
  private let folder: AccountsFolder
  private let users: SubjectFile
  private let scopes: Scopes

  init() throws {
    folder = try AccountsFolder()
    users = try folder.users()
    scopes = try #require(Scopes("me.read roms.write"))
    try users.add(name: "ada", password: "correct horse", scopes: scopes)
  }

  @Test(
    "A user whose file no release since 0.2 has changed keeps the sessions that older releases opened, and loses them with a change"
  )
  func olderSessions() async throws {
    func notBefore() async -> Timestamp? { await users.subject(id: "ada")?.sessionsNotBefore }
    let text = try folder.text(of: folder.usersPath)
    let version = try #require(text.split(separator: "\n").first { $0.contains("\"version\" : \"") })
    try folder.replace(
      folder.usersPath, with: text.replacing(version, with: "      \"sessionsNotBefore\" : 7"))
    folder.advance(milliseconds: 10)
    #expect(await notBefore() == Timestamp(milliseconds: 7))
    try users.setPassword(name: "ada", "battery staple")
    folder.advance(milliseconds: 10)
    #expect(await notBefore() == .distantFuture)
  }

  @Test("The file has mode 0600, whatever it had before, and holds no password")
  func mode() throws {
    #expect(try folder.mode(of: folder.usersPath) == 0o600)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder.usersPath)
    try users.add(name: "bob", password: "battery staple", scopes: [])
    #expect(try folder.mode(of: folder.usersPath) == 0o600)
    #expect(try folder.mode(of: "\(folder.path)/users.lock") == 0o600)
    #expect(try !folder.text(of: folder.usersPath).contains("battery"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["users.json", "users.lock"])
  }

  @Test("A file that others can change is refused with the command that fixes it", arguments: [0o602, 0o666])
  func changeable(mode: Int) throws {
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.usersPath)
    let failure = accountFailure { () throws(AccountError) in _ = try folder.users() }
    #expect(failure?.description.contains("others can change it (mode 0\(String(mode, radix: 8)))") == true)
    #expect(failure?.description.hasSuffix("run chmod 600 \(folder.usersPath)") == true)
  }

  @Test("What a crash left of a half-written file is no hindrance")
  func staleTemporary() throws {
    try folder.replace(folder.usersPath + ".tmp", with: "{\"version\": 1, \"use")
    try users.add(name: "bob", password: "battery staple", scopes: [])
    #expect(try folder.users().list().map(\.id) == ["ada", "bob"])
  }

  @Test("Two values that add at once lose nothing")
  func concurrentAdds() async throws {
    let first = try folder.users()
    let second = try folder.users()
    let hash = try PasswordHash.make(password: "correct horse", cost: AccountsFolder.cheap)
    let queue = DispatchQueue(label: "adders", attributes: .concurrent)
    await withCheckedContinuation { continuation in
      let group = DispatchGroup()
      for (prefix, file) in [("first", first), ("second", second)] {
        queue.async(group: group) {
          for number in 0..<25 { try? file.add(name: "\(prefix)-\(number)", hash: hash, scopes: []) }
        }
      }
      group.notify(queue: queue) { continuation.resume() }
    }
    let expected = ["first", "second"].flatMap { prefix in (0..<25).map { "\(prefix)-\($0)" } } + ["ada"]
    #expect(try Set(folder.users().list().map(\.id)) == Set(expected))
  }

  @Test("An operation on a file in a folder that is not there is refused in one line that names it")
  func noFolder() throws {
    let lost = try SubjectFile(path: folder.path + "/gone/users.json")
    let failure = accountFailure { () throws(AccountError) in
      try lost.add(name: "ada", password: "correct horse", scopes: [])
    }
    #expect(failure?.description.contains("/gone/users.lock: cannot be opened") == true)
  }
}
