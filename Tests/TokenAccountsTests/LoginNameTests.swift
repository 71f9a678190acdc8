import Testing

@testable import TokenEngine

@Suite("The name of a log-in where case is not told apart")
struct AccountsLoginNameTests {
  private let folder: AccountsTestFolder
  private let users: SubjectFile

  init() throws {
    folder = try AccountsTestFolder()
    users = try folder.users()
    let hash = try PasswordHash.make(password: "correct horse", cost: AccountsTestFolder.cheap)
    let scopes = try #require(Scopes(""))
    for name in ["Ada", "bob", "BOB", "Éva"] { try users.add(name: name, hash: hash, scopes: scopes) }
  }

  @Test(
    "is the exact one, else the only one that is the same in lower case",
    arguments: [
      ("Ada", "Ada"), ("ada", "Ada"), ("ADA", "Ada"), ("bob", "bob"), ("BOB", "BOB"), ("Bob", "Bob"), ("éva", "Éva"),
      ("eve", "eve"), ("", ""),
    ])
  func name(typed: String, found: String) async throws {
    #expect(await users.loginName(ignoringCase: typed) == found)
  }

  @Test("is the only one again once the other is gone")
  func removed() async throws {
    #expect(await users.loginName(ignoringCase: "Bob") == "Bob")
    try users.remove(name: "bob")
    #expect(await users.loginName(ignoringCase: "Bob") == "BOB")
    #expect(await users.loginName(ignoringCase: "ADA") == "Ada")
  }
}
