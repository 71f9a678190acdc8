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

  @Test("The right password gives the subject with its scopes in their order")
  func rightPassword() async throws {
    let subject = try await users.authenticate(name: "ada", password: "correct horse")
    #expect(subject?.id == "ada")
    #expect(subject?.isEnabled == true)
    #expect(subject?.scopes.text == "me.read roms.write")
  }

  @Test("A wrong password gives nothing", arguments: ["correct horsf", "Correct horse", "correct horse ", "", "\0"])
  func wrongPassword(password: String) async throws {
    #expect(try await users.authenticate(name: "ada", password: password) == nil)
  }

  @Test("An unknown name gives nothing, also with some user's password", arguments: ["eve", "", "ada ", "Ada"])
  func unknownName(name: String) async throws {
    #expect(try await users.authenticate(name: name, password: "correct horse") == nil)
  }

  @Test("A name longer than names can be gives nothing")
  func longName() async throws {
    let name = String(repeating: "a", count: 1 << 20)
    #expect(try await users.authenticate(name: name, password: "correct horse") == nil)
    #expect(await users.subject(id: name) == nil)
  }

  @Test("A disabled user with the right password is given as disabled, with a wrong one not at all")
  func disabled() async throws {
    try users.setEnabled(name: "ada", false)
    #expect(try await users.authenticate(name: "ada", password: "correct horse")?.isEnabled == false)
    #expect(try await users.authenticate(name: "ada", password: "wrong horse") == nil)
    #expect(await users.subject(id: "ada")?.isEnabled == false)
    try users.setEnabled(name: "ada", true)
    #expect(await users.subject(id: "ada")?.isEnabled == true)
  }

  @Test("A removed user is gone, and others are found after it")
  func removed() async throws {
    try users.add(name: "bob", password: "battery staple", scopes: [])
    try users.add(name: "cyd", password: "battery staple", scopes: [])
    try users.remove(name: "ada")
    #expect(await users.subject(id: "ada") == nil)
    #expect(try await users.authenticate(name: "ada", password: "correct horse") == nil)
    #expect(try await users.authenticate(name: "cyd", password: "battery staple")?.id == "cyd")
    #expect(try users.list().map(\.id) == ["bob", "cyd"])
  }

  @Test("After a change of password only the new one is right")
  func changedPassword() async throws {
    try users.setPassword(name: "ada", "battery staple")
    #expect(try await users.authenticate(name: "ada", password: "correct horse") == nil)
    #expect(try await users.authenticate(name: "ada", password: "battery staple") != nil)
  }

  @Test("A user brought with a bcrypt hash logs in")
  func bcryptUser() async throws {
    let hash = try PasswordHash("$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e")
    try users.add(name: "bob", hash: hash, scopes: scopes)
    #expect(try await users.authenticate(name: "bob", password: "correct horse")?.id == "bob")
    #expect(try await users.authenticate(name: "bob", password: "wrong horse") == nil)
  }

  /// Work that keeps a pool's worker until it is released.
  private final class Blocker: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let began = AsyncStream<Void>.makeStream()

    func block() {
      began.continuation.yield()
      semaphore.wait()
    }

    func waitUntilBegun() async {
      for await _ in began.stream { return }
    }

    func release() { semaphore.signal() }
  }

  @Test("A full pool is overload, not a wrong password", .timeLimit(.minutes(10)))
  func overload() async throws {
    let pool = PasswordPool(workers: 1, waitingMax: 0)
    let users = try folder.users(pool: pool)
    let blocker = Blocker()
    async let blocked: Void = pool.run { blocker.block() }
    await blocker.waitUntilBegun()
    for name in ["ada", "eve"] {
      await #expect(throws: StoreError.overloaded) {
        try await users.authenticate(name: name, password: "correct horse")
      }
    }
    blocker.release()
    try await blocked
  }

  @Test("What changes while a password is verified counts", .timeLimit(.minutes(10)), arguments: [true, false])
  func changedMeanwhile(isDisabled: Bool) async throws {
    let pool = PasswordPool(workers: 1)
    let users = try folder.users(pool: pool)
    let blocker = Blocker()
    async let blocked: Void = pool.run { blocker.block() }
    await blocker.waitUntilBegun()
    async let subject = users.authenticate(name: "ada", password: "correct horse")
    while pool.waitingCount == 0 { await Task.yield() }
    if isDisabled {
      try self.users.setEnabled(name: "ada", false)
    } else {
      try self.users.setPassword(name: "ada", "battery staple")
    }
    folder.advance(milliseconds: 10)
    blocker.release()
    try await blocked
    let found = try await subject
    #expect(found?.isEnabled == (isDisabled ? false : nil))
  }

  @Test("A user that is made, is disabled or gets another password is of a new version, and of none that was before")
  func versions() async throws {
    func version() async throws -> AccountVersion { try #require(await users.subject(id: "ada")).version }
    var versions = [try await version()]
    try users.setEnabled(name: "ada", false)
    versions.append(try await version())
    try users.setEnabled(name: "ada", true)
    #expect(try await version() == versions.last)
    try users.setPassword(name: "ada", "battery staple")
    versions.append(try await version())
    try users.remove(name: "ada")
    try users.add(name: "ada", password: "correct horse", scopes: scopes)
    versions.append(try await version())
    #expect(Set(versions).count == 4)
    #expect(try await folder.users().subject(id: "ada")?.version == versions.last)
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

  @Test("A name that is taken is refused, and the user keeps its password")
  func duplicate() async throws {
    let failure = accountFailure { () throws(AccountError) in
      try users.add(name: "ada", password: "battery staple", scopes: [])
    }
    #expect(failure == .exists(.user, name: "ada"))
    #expect(try await users.authenticate(name: "ada", password: "correct horse") != nil)
  }

  @Test("A name that differs only in Unicode normal form is the same name")
  func normalForms() throws {
    try users.add(name: "jos\u{E9}", password: "correct horse", scopes: [])
    let failure = accountFailure { () throws(AccountError) in
      try users.add(name: "jose\u{301}", password: "correct horse", scopes: [])
    }
    #expect(failure != nil)
  }

  @Test("Changes of a user that is not there are refused by name")
  func unknownUser() {
    let expected = AccountError.unknown(.user, name: "eve")
    #expect(accountFailure { () throws(AccountError) in try users.setEnabled(name: "eve", false) } == expected)
    #expect(accountFailure { () throws(AccountError) in try users.setPassword(name: "eve", "12345678") } == expected)
    #expect(accountFailure { () throws(AccountError) in try users.remove(name: "eve") } == expected)
  }

  @Test(
    "A name has 1 to 256 bytes and no control characters",
    arguments: [
      "", String(repeating: "a", count: 257), "a\nb", "a\0", "a\u{7F}", "a\u{85}b", "a\u{2028}b", "a\u{202E}b",
    ])
  func badNames(name: String) {
    let failure = accountFailure { () throws(AccountError) in
      try users.add(name: name, password: "correct horse", scopes: [])
    }
    guard case .invalid(field: "name", _) = failure else {
      Issue.record("\(name.debugDescription): \(String(describing: failure))")
      return
    }
    #expect(failure?.description.contains("\n") == false)
  }

  @Test("Names of 256 bytes, of other scripts and with spaces are fine")
  func goodNames() async throws {
    for name in [String(repeating: "a", count: 256), "Ада Лавлейс", "a@b.example", "👩‍💻"] {
      try users.add(name: name, password: "correct horse", scopes: [])
      #expect(await users.subject(id: name)?.id == name)
    }
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
