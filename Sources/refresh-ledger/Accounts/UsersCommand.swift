import ArgumentParser
import TokenAccounts
import TokenEngine
import TokenLedger

struct UsersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "users",
    abstract: """
      Adds, lists, changes and removes users, in a data folder or a database. A running server sees every change \
      within 100 ms.
      """,
    subcommands: [
      UsersAdd.self, UsersList.self, UsersPassword.self, UsersDisable.self, UsersEnable.self, UsersRemove.self,
    ])
}

struct UsersAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "add", abstract: "Adds a user who may log in.")

  @Argument(help: "The user's name, which becomes the claim sub of the user's tokens.", transform: NameForm.typed)
  var name: String

  @OptionGroup var place: StoreOptions

  @Flag(help: "Read the password as one line from the standard input; there is no other way to give it.")
  var passwordStdin = false

  @Option(help: "The scopes the user may be granted, separated by spaces.")
  var scopes = ""

  func validate() throws {
    guard passwordStdin else { throw ValidationError("give --password-stdin and pipe the password in") }
  }

  func run() async throws {
    let scopes = try ScopesArgument.parse(scopes)
    try await place.users { users in
      try await users.add(name: name, password: InputLine.read("password"), scopes: scopes)
    }
    try Terminal.writeLine("added user \(name)")
  }
}

struct UsersList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the users.")

  @OptionGroup var place: StoreOptions

  @Flag(help: "Print one JSON object per line.")
  var json = false

  private struct Row: Encodable {
    var name: String
    var enabled: Bool
    var scopes: String
  }

  func run() async throws {
    let users = try await place.users { try await $0.list() }
    if json {
      for user in users {
        try Terminal.writeLine(
          JSONText.line(Row(name: user.id, enabled: user.isEnabled, scopes: user.scopes.text)))
      }
      return
    }
    var table = TextTable("NAME", "ENABLED", "SCOPES")
    for user in users { table.append(user.id, user.isEnabled ? "yes" : "no", user.scopes.text) }
    try Terminal.write(table.text)
  }
}

struct UsersPassword: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "password", abstract: "Gives a user a new password, and ends the user's sessions.")

  @Argument(help: "The user's name.", transform: NameForm.typed)
  var name: String

  @OptionGroup var place: StoreOptions

  @Flag(help: "Read the password as one line from the standard input; there is no other way to give it.")
  var passwordStdin = false

  func validate() throws {
    guard passwordStdin else { throw ValidationError("give --password-stdin and pipe the password in") }
  }

  func run() async throws {
    try await place.users { try await $0.setPassword(name: name, InputLine.read("password")) }
    try Terminal.writeLine("changed the password of \(name)")
  }
}

struct UsersDisable: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable", abstract: "Keeps a user from logging in, and ends the user's sessions.")

  @Argument(help: "The user's name.", transform: NameForm.typed)
  var name: String

  @OptionGroup var place: StoreOptions

  func run() async throws {
    try await place.users { try await $0.setEnabled(name: name, false) }
    try Terminal.writeLine("disabled user \(name); the user's sessions end, at once if a server is running")
  }
}

struct UsersEnable: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Lets a disabled user log in again.")

  @Argument(help: "The user's name.", transform: NameForm.typed)
  var name: String

  @OptionGroup var place: StoreOptions

  func run() async throws {
    try await place.users { try await $0.setEnabled(name: name, true) }
    try Terminal.writeLine("enabled user \(name)")
  }
}

struct UsersRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Removes a user, and ends the user's sessions.")

  @Argument(help: "The user's name.", transform: NameForm.typed)
  var name: String

  @OptionGroup var place: StoreOptions

  func run() async throws {
    try await place.users { try await $0.remove(name: name) }
    try Terminal.writeLine("removed user \(name)")
  }
}
