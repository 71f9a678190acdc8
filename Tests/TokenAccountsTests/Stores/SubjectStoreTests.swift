import Testing
import TokenLedger

@testable import TokenAccounts

@Suite("Users, wherever they are kept")
struct SubjectStoreTests {
  /// An empty place with the user ada, whose password is "correct horse".
  private struct Fixture {
    let home: any AccountHome
    let users: any SubjectDirectory
    let scopes: Scopes

    init(_ place: AccountPlace) async throws {
      home = try await place.empty()
      users = try await home.openUsers()
      scopes = try #require(Scopes("me.read roms.write"))
      try await users.add(name: "ada", password: "correct horse", scopes: scopes)
      await home.settle()
    }
  }

  @Test("The right password gives the subject with its scopes in their order", arguments: AccountPlace.allCases)
  func rightPassword(place: AccountPlace) async throws {
    let users = try await Fixture(place).users
    let subject = try await users.authenticate(name: "ada", password: "correct horse")
    #expect(subject?.id == "ada")
    #expect(subject?.isEnabled == true)
    #expect(subject?.scopes.text == "me.read roms.write")
  }

  @Test("A wrong password gives nothing", arguments: AccountPlace.allCases)
  func wrongPassword(place: AccountPlace) async throws {
    let users = try await Fixture(place).users
    for password in ["correct horsf", "Correct horse", "correct horse ", "", "\0"] {
      #expect(try await users.authenticate(name: "ada", password: password) == nil)
    }
  }

  @Test("An unknown name gives nothing, also with some user's password", arguments: AccountPlace.allCases)
  func unknownName(place: AccountPlace) async throws {
    let users = try await Fixture(place).users
    for name in ["eve", "", "ada ", "Ada", "a\0da"] {
      #expect(try await users.authenticate(name: name, password: "correct horse") == nil)
      #expect(try await users.subject(id: name) == nil)
      #expect(try await users.latestSubject(id: name) == nil)
    }
  }

  @Test("A name longer than names can be gives nothing", arguments: AccountPlace.allCases)
  func longName(place: AccountPlace) async throws {
    let users = try await Fixture(place).users
    let name = String(repeating: "a", count: 1 << 20)
    #expect(try await users.authenticate(name: name, password: "correct horse") == nil)
    #expect(try await users.subject(id: name) == nil)
    #expect(try await users.latestSubject(id: name) == nil)
  }

  @Test(
    "A disabled user with the right password is given as disabled, with a wrong one not at all",
    arguments: AccountPlace.allCases)
  func disabled(place: AccountPlace) async throws {
    let users = try await Fixture(place).users
    try await users.setEnabled(name: "ada", false)
    #expect(try await users.authenticate(name: "ada", password: "correct horse")?.isEnabled == false)
    #expect(try await users.authenticate(name: "ada", password: "wrong horse") == nil)
    #expect(try await users.subject(id: "ada")?.isEnabled == false)
    try await users.setEnabled(name: "ada", true)
    #expect(try await users.subject(id: "ada")?.isEnabled == true)
  }

  @Test("A removed user is gone, and others are found after it", arguments: AccountPlace.allCases)
  func removed(place: AccountPlace) async throws {
    let users = try await Fixture(place).users
    try await users.add(name: "bob", password: "battery staple", scopes: [])
    try await users.add(name: "cyd", password: "battery staple", scopes: [])
    try await users.remove(name: "ada")
    #expect(try await users.subject(id: "ada") == nil)
    #expect(try await users.authenticate(name: "ada", password: "correct horse") == nil)
    #expect(try await users.authenticate(name: "cyd", password: "battery staple")?.id == "cyd")
    #expect(try await users.list().map(\.id) == ["bob", "cyd"])
  }

  @Test("After a change of password only the new one is right", arguments: AccountPlace.allCases)
  func changedPassword(place: AccountPlace) async throws {
    let users = try await Fixture(place).users
    try await users.setPassword(name: "ada", "battery staple")
    #expect(try await users.authenticate(name: "ada", password: "correct horse") == nil)
    #expect(try await users.authenticate(name: "ada", password: "battery staple") != nil)
  }

  @Test("A user brought with a bcrypt hash logs in", arguments: AccountPlace.allCases)
  func bcryptUser(place: AccountPlace) async throws {
    let users = try await Fixture(place).users
    let hash = try PasswordHash("$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e")
    try await users.add(name: "bob", hash: hash, scopes: [])
    #expect(try await users.authenticate(name: "bob", password: "correct horse")?.id == "bob")
    #expect(try await users.authenticate(name: "bob", password: "wrong horse") == nil)
  }

  @Test(
    "A user that is made, is disabled or gets another password is of a new version, and of none that was before",
    arguments: AccountPlace.allCases)
  func versions(place: AccountPlace) async throws {
    let fixture = try await Fixture(place)
    let users = fixture.users
    func version() async throws -> AccountVersion { try #require(await users.subject(id: "ada")).version }
    var versions = [try await version()]
    try await users.setEnabled(name: "ada", false)
    versions.append(try await version())
    try await users.setEnabled(name: "ada", true)
    #expect(try await version() == versions.last)
    try await users.setPassword(name: "ada", "battery staple")
    versions.append(try await version())
    try await users.remove(name: "ada")
    try await users.add(name: "ada", password: "correct horse", scopes: fixture.scopes)
    versions.append(try await version())
    #expect(Set(versions).count == 4)
    #expect(try await fixture.home.openUsers().subject(id: "ada")?.version == versions.last)
  }

  @Test("A name that is taken is refused, and the user keeps its password", arguments: AccountPlace.allCases)
  func duplicate(place: AccountPlace) async throws {
    let users = try await Fixture(place).users
    let failure = await changeFailure { () throws(AccountError) in
      try await users.add(name: "ada", password: "battery staple", scopes: [])
    }
    #expect(failure == .exists(.user, name: "ada"))
    #expect(try await users.authenticate(name: "ada", password: "correct horse") != nil)
  }

  @Test("Changes of a user that is not there are refused by name", arguments: AccountPlace.allCases)
  func unknownUser(place: AccountPlace) async throws {
    let users = try await Fixture(place).users
    let failures = [
      await changeFailure { () throws(AccountError) in try await users.setEnabled(name: "eve", false) },
      await changeFailure { () throws(AccountError) in try await users.setPassword(name: "eve", "12345678") },
      await changeFailure { () throws(AccountError) in try await users.remove(name: "eve") },
    ]
    #expect(failures.allSatisfy { $0 == .unknown(.user, name: "eve") })
  }

  @Test("A name has 1 to 256 bytes and no control characters", arguments: AccountPlace.allCases)
  func badNames(place: AccountPlace) async throws {
    let users = try await Fixture(place).users
    for name in [
      "", String(repeating: "a", count: 257), "a\nb", "a\0", "a\u{7F}", "a\u{85}b", "a\u{2028}b", "a\u{202E}b",
    ] {
      let failure = await changeFailure { () throws(AccountError) in
        try await users.add(name: name, password: "correct horse", scopes: [])
      }
      guard case .invalid(field: "name", _) = failure else {
        Issue.record("\(name.debugDescription): \(String(describing: failure))")
        continue
      }
      #expect(failure?.description.contains("\n") == false)
    }
  }

  @Test("Names of 256 bytes, of other scripts and with spaces are fine", arguments: AccountPlace.allCases)
  func goodNames(place: AccountPlace) async throws {
    let users = try await Fixture(place).users
    for name in [String(repeating: "a", count: 256), "Ада Лавлейс", "a@b.example", "👩‍💻", "o'brien \"\\ %"] {
      try await users.add(name: name, password: "correct horse", scopes: [])
      #expect(try await users.subject(id: name)?.id == name)
      #expect(try await users.latestSubject(id: name)?.id == name)
    }
  }

  @Test(
    "A user is found and changed by a name in any Unicode form, and kept in NFC", arguments: AccountPlace.allCases)
  func normalForms(place: AccountPlace) async throws {
    let fixture = try await Fixture(place)
    let users = fixture.users
    let (composed, decomposed) = ("jos\u{E9}", "jose\u{301}")
    for (added, named) in [(composed, decomposed), (decomposed, composed)] {
      try await users.add(name: added, password: "correct horse", scopes: [])
      #expect(try await users.list().map { Array($0.id.utf8) }.contains(Array(composed.utf8)))
      let kept = Array(fixture.home.contents().utf8)
      #expect(kept.firstRange(of: Array(composed.utf8)) != nil && kept.firstRange(of: Array(decomposed.utf8)) == nil)
      let failure = await changeFailure { () throws(AccountError) in
        try await users.add(name: named, password: "correct horse", scopes: [])
      }
      #expect(failure == .exists(.user, name: composed))
      try await users.setPassword(name: named, "battery staple")
      #expect(try await users.authenticate(name: added, password: "battery staple") != nil)
      try await users.setEnabled(name: named, false)
      #expect(try await users.latestSubject(id: named)?.isEnabled == false)
      try await users.remove(name: named)
      #expect(try await users.list().map(\.id) == ["ada"])
    }
  }

  @Test("Where users are kept, no password stands", arguments: AccountPlace.allCases)
  func noPassword(place: AccountPlace) async throws {
    let fixture = try await Fixture(place)
    let contents = fixture.home.contents()
    #expect(contents.contains("$argon2id$") && !contents.contains("correct") && !contents.contains("horse"))
  }

  @Test(
    "A name in another case finds the only one that is the same in lower case, also once another is gone",
    arguments: AccountPlace.allCases)
  func loginNames(place: AccountPlace) async throws {
    let users = try await place.empty().openUsers()
    let hash = try PasswordHash.make(password: "correct horse", cost: AccountsFolder.cheap)
    for name in ["Ada", "bob", "BOB", "Éva"] { try await users.add(name: name, hash: hash, scopes: []) }
    for (typed, found) in [
      ("Ada", "Ada"), ("ada", "Ada"), ("ADA", "Ada"), ("bob", "bob"), ("BOB", "BOB"), ("Bob", "Bob"), ("éva", "Éva"),
      ("eve", "eve"), ("", ""),
    ] {
      #expect(try await users.loginName(ignoringCase: typed) == found)
    }
    try await users.remove(name: "bob")
    #expect(try await users.loginName(ignoringCase: "Bob") == "BOB")
    #expect(try await users.loginName(ignoringCase: "ADA") == "Ada")
  }

  @Test(
    "Who follows is told whose sessions end with a change, and of nobody whose do not",
    arguments: AccountPlace.allCases)
  func ended(place: AccountPlace) async throws {
    let home = try await place.empty()
    let (users, others) = (try await home.openUsers(), try await home.openUsers())
    let hash = try PasswordHash.make(password: "correct horse", cost: AccountsFolder.cheap)
    for name in ["ann", "bob", "cy", "di"] { try await users.add(name: name, hash: hash, scopes: []) }
    await home.settle()
    await others.follow()
    try await users.setPassword(name: "ann", "battery staple")
    try await users.setEnabled(name: "bob", false)
    try await users.remove(name: "cy")
    try await users.setEnabled(name: "di", true)
    await home.settle()
    await others.follow()
    let names = home.told.flatMap { if case .ended(.user, let names) = $0 { names } else { [] as [String] } }
    #expect(Set(names) == ["ann", "bob", "cy"])
  }
}
