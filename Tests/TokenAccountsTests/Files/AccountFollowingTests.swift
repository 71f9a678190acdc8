import Foundation
import Synchronization
import Testing

@testable import TokenAccounts

@Suite("Following an account file")
struct AccountFollowingTests {
  private static let hash =
    "$argon2id$v=19$m=8,t=1,p=1$c2l4dGVlbiBieXRlIHNsdA$HFu16Col6OR/dZj9p7RoNV4Pcf7GA9xj2ZVsL323EDE"
  private static let digest = "sha256:" + String(repeating: "A", count: 64)
  private let folder: AccountsFolder

  init() throws {
    folder = try AccountsFolder()
  }

  private func document(_ names: String..., enabled: Bool = true) -> String {
    let users = names.map { "{\"name\": \"\($0)\", \"passwordHash\": \"\(Self.hash)\", \"enabled\": \(enabled)}" }
    return "{\"version\": 1, \"users\": [\(users.joined(separator: ", "))]}"
  }

  @Test("No file is no users, and a file that appears is read")
  func appears() async throws {
    let users = try folder.users()
    #expect(try users.list() == [])
    try folder.replace(folder.usersPath, with: document("ada"))
    folder.advance(milliseconds: 10)
    let ada = try #require(await users.subject(id: "ada"))
    #expect(ada == Subject(id: "ada", scopes: [], version: ada.version))
  }

  @Test("A change is looked for every 10 ms and not before")
  func interval() async throws {
    try folder.replace(folder.usersPath, with: document("ada"))
    let users = try folder.users()
    try folder.replace(folder.usersPath, with: document("ada", "bob"))
    folder.advance(milliseconds: 9)
    #expect(await users.subject(id: "bob") == nil)
    folder.advance(milliseconds: 1)
    #expect(await users.subject(id: "bob") != nil)
    #expect(folder.events.withLock { $0 } == [.reloaded(path: folder.usersPath, entries: 2)])
  }

  @Test("A change made by another value is seen, for users and clients")
  func otherValue() async throws {
    let (users, others) = (try folder.users(), try folder.users())
    let (clients, otherClients) = (try folder.clients(), try folder.clients())
    try others.add(name: "ada", password: "correct horse", scopes: [])
    try otherClients.add(Client(id: "app", isPublic: true))
    folder.advance(milliseconds: 10)
    #expect(try await users.authenticate(name: "ada", password: "correct horse") != nil)
    #expect(await clients.client(id: "app") != nil)
    try others.setEnabled(name: "ada", false)
    folder.advance(milliseconds: 10)
    #expect(await users.subject(id: "ada")?.isEnabled == false)
  }

  @Test("A change of the same length is seen")
  func sameLength() async throws {
    try folder.replace(folder.usersPath, with: document("ada"))
    let users = try folder.users()
    for round in 0..<20 {
      let name = round % 2 == 0 ? "bob" : "ada"
      try folder.replace(folder.usersPath, with: document(name))
      folder.advance(milliseconds: 10)
      #expect(await users.subject(id: name) != nil, "round \(round)")
    }
  }

  @Test("A broken file leaves what was read in force, is reported once, and its fix is read")
  func broken() async throws {
    try folder.replace(folder.usersPath, with: document("ada"))
    let users = try folder.users()
    try folder.replace(folder.usersPath, with: "{\"version\": 1, \"users\": [")
    for _ in 0..<3 {
      folder.advance(milliseconds: 10)
      #expect(await users.subject(id: "ada") != nil)
    }
    let expected = AccountError.malformed(
      path: folder.usersPath, what: "line 1 is not JSON", fix: "correct it or restore it from a copy")
    #expect(folder.events.withLock { $0 } == [.refused(expected)])
    #expect(accountFailure { () throws(AccountError) in try users.reload() } == expected)
    try folder.replace(folder.usersPath, with: document("bob"))
    folder.advance(milliseconds: 10)
    #expect(await users.subject(id: "bob") != nil)
    #expect(await users.subject(id: "ada") == nil)
  }

  @Test("A file that goes away leaves what was read in force, and is not begun anew by a change")
  func gone() async throws {
    try folder.replace(folder.usersPath, with: document("ada"))
    let users = try folder.users()
    try FileManager.default.removeItem(atPath: folder.usersPath)
    for _ in 0..<3 {
      folder.advance(milliseconds: 10)
      #expect(await users.subject(id: "ada") != nil)
    }
    for _ in 0..<3 { #expect(accountFailure(users.reload) != nil) }
    #expect(folder.events.withLock { $0.count } == 1)
    let hash = try PasswordHash(Self.hash)
    let failure = accountFailure { () throws(AccountError) in
      try users.add(name: "bob", hash: hash, scopes: [])
    }
    #expect(failure?.description.contains("is gone") == true)
    #expect(!FileManager.default.fileExists(atPath: folder.usersPath))
    try folder.replace(folder.usersPath, with: document("ada"))
    folder.advance(milliseconds: 10)
    #expect(await users.subject(id: "ada") != nil)
    try users.reload()
  }

  @Test("A change of a broken file is refused and leaves it as it is")
  func changeOfBroken() throws {
    let users = try folder.users()
    try folder.replace(folder.usersPath, with: "{}")
    let failure = accountFailure { () throws(AccountError) in
      try users.add(name: "bob", password: "correct horse", scopes: [])
    }
    #expect(failure?.description.contains("no member \"version\"") == true)
    #expect(try folder.text(of: folder.usersPath) == "{}")
  }

  @Test("A file reached by a symbolic link is read and not replaced")
  func symbolicLink() async throws {
    try folder.replace(folder.path + "/mounted.json", with: document("ada"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.usersPath, withDestinationPath: folder.path + "/mounted.json")
    let users = try folder.users()
    #expect(await users.subject(id: "ada") != nil)
    let failure = accountFailure { () throws(AccountError) in try users.remove(name: "ada") }
    #expect(failure?.description.contains("is a symbolic link") == true)
  }

  @Test("Something that is no file is refused without waiting for it")
  func noFile() throws {
    try FileManager.default.createDirectory(atPath: folder.usersPath, withIntermediateDirectories: false)
    #expect(mkfifo(folder.clientsPath, 0o600) == 0)
    let users = accountFailure { () throws(AccountError) in _ = try folder.users() }
    let clients = accountFailure { () throws(AccountError) in _ = try folder.clients() }
    #expect(users?.description.contains("is not a regular file") == true)
    #expect(clients?.description.contains("is not a regular file") == true)
  }

  @Test("Many readers and a writer agree")
  func readersAndWriter() async throws {
    let users = try folder.users()
    let writer = try folder.users()
    let hash = try PasswordHash(Self.hash)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          var seen = 0
          for _ in 0..<500 {
            folder.advance(milliseconds: 10)
            var count = 0
            while count < 10, await users.subject(id: "user-\(count)") != nil { count += 1 }
            #expect(count >= seen, "an older file is never taken for a newer one")
            seen = count
          }
        }
      }
      for number in 0..<10 { try writer.add(name: "user-\(number)", hash: hash, scopes: []) }
      try await group.waitForAll()
    }
    folder.advance(milliseconds: 10)
    #expect(await users.subject(id: "user-9") != nil)
  }

  @Test(
    "A bad user file is refused with its entry, its member and the fix",
    arguments: [
      ("[]", "line 1 is not a JSON object: correct it or restore it from a copy"),
      ("{\"version\": 1}", "no member \"users\": add it"),
      ("{\"version\": 2, \"users\": []}", "version 2 is not known: use version 1"),
      ("{\"version\": 1, \"users\": [], \"extra\": 1}", "unknown member \"extra\": the members are version and users"),
      ("{\"version\": 1, \"users\": {}}", "member \"users\" is of another type: it must be a list"),
      ("{\"version\": 1, \"users\": [1]}", "user 1, member \"Index 0\" is of another type: it must be an object"),
      (
        "{\"version\": 1, \"users\": [{\"name\": \"a\", \"passwordHash\": \"HASH\", \"enabeld\": false}]}",
        "user 1, \"a\", unknown member \"enabeld\": the members are name, passwordHash, scopes, enabled, version, sessionsNotBefore"
      ),
      (
        "{\"version\": 1, \"users\": [{\"name\": \"a\", \"passwordHash\": \"HASH\", \"enabled\": \"no\"}]}",
        "user 1, \"a\", member \"enabled\" is of another type: it must be true or false"
      ),
      ("{\"version\": 1, \"users\": [{\"name\": \"a\"}]}", "user 1, \"a\", no member \"passwordHash\": add it"),
      (
        "{\"version\": 1, \"users\": [{\"name\": \"a\", \"passwordHash\": \"hunter2\"}]}",
        "user 1, \"a\", member passwordHash: is of an unknown scheme: "
          + "it must begin with $argon2id$, $argon2i$, $2a$, $2b$ or $2y$"
      ),
      (
        "{\"version\": 1, \"users\": [{\"name\": \"\\n\", \"passwordHash\": \"HASH\"}]}",
        "user 1, \"\\n\", member name: must not hold control characters"
      ),
      (
        "{\"version\": 1, \"users\": [{\"name\": \"a\", \"passwordHash\": \"HASH\"}, "
          + "{\"name\": \"a\", \"passwordHash\": \"HASH\"}]}",
        "user 2, \"a\" is there twice: remove one of them"
      ),
    ])
  func badUsers(text: String, message: String) throws {
    try folder.replace(folder.usersPath, with: text.replacing("HASH", with: Self.hash))
    let failure = accountFailure { () throws(AccountError) in _ = try folder.users() }
    #expect(failure?.description == "\(folder.usersPath): \(message)")
  }

  @Test(
    "A bad client file is refused by member",
    arguments: [
      ("\"public\": false", "member secretDigest"), ("\"public\": true, \"secretDigest\": \"DIGEST\"", "secretDigest"),
      ("\"secretDigest\": \"sha256:AAAA\"", "member secretDigest"), ("\"secretDigest\": \"plain\"", "secretDigest"),
      ("\"public\": true, \"grace\": \"6m\"", "member grace"), ("\"public\": true, \"grace\": 30", "member \"grace\""),
      ("\"public\": true, \"grants\": \"implicit\"", "member grants"),
      ("\"public\": true, \"scopes\": \"a  b\"", "member scopes"),
      ("\"public\": true, \"admin\": true", "member admin"), ("\"public\": true, \"Admin\": true", "\"Admin\""),
    ])
  func badClients(members: String, message: String) throws {
    let text = "{\"version\": 1, \"clients\": [{\"id\": \"web\", \(members)}]}"
    try folder.replace(folder.clientsPath, with: text.replacing("DIGEST", with: Self.digest))
    let failure = accountFailure { () throws(AccountError) in _ = try folder.clients() }
    #expect(failure?.description.contains("client 1, \"web\", ") == true)
    #expect(failure?.description.contains(message) == true)
  }

  @Test("A file of 100,000 entries is the most")
  func entriesMax() throws {
    func text(_ count: Int) -> String {
      let entries = (0..<count).map { "{\"id\":\"\($0)\",\"public\":true}" }
      return "{\"version\":1,\"clients\":[\(entries.joined(separator: ","))]}"
    }
    let clients = try folder.clients()
    try folder.replace(folder.clientsPath, with: text(100_000))
    let full = accountFailure { () throws(AccountError) in try clients.add(Client(id: "web", isPublic: true)) }
    #expect(full == .full(.client, path: folder.clientsPath))
    try folder.replace(folder.clientsPath, with: text(100_001))
    let failure = accountFailure { () throws(AccountError) in _ = try folder.clients() }
    #expect(failure?.description.contains("client 100001, one more than the file may hold") == true)
  }

  @Test("Who follows a file is told whose sessions end with a change, and of nobody whose do not")
  func ended() async throws {
    let users = try folder.users()
    for name in ["ann", "bob", "cy", "di"] { try users.add(name: name, password: "correct horse", scopes: []) }
    let clients = try folder.clients()
    for id in ["web", "app"] { try clients.add(Client(id: id, isPublic: true)) }
    let other = try folder.users()
    folder.advance(milliseconds: 1_000)
    try other.setPassword(name: "ann", "battery staple")
    try other.setEnabled(name: "bob", false)
    try other.remove(name: "cy")
    try other.setEnabled(name: "di", true)
    try clients.remove(id: "app")
    folder.events.withLock { $0 = [] }
    await users.follow()
    let told = folder.events.withLock { $0 }
    #expect(told.contains(.ended(.user, names: ["ann", "bob", "cy"])))
    #expect(told.count { if case .ended = $0 { true } else { false } } == 1)
  }
}
