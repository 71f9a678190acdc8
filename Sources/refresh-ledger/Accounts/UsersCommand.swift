import ArgumentParser
import TokenAccounts
import TokenEngine
import TokenLedger

struct UsersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "users",
    abstract: "The embedded user file. A running server sees every change at once.",
    subcommands: [
      UsersAdd.self, UsersList.self, UsersPassword.self, UsersDisable.self, UsersEnable.self, UsersRemove.self,
    ])
}

struct UsersAdd: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "add", abstract: "Adds a user who may log in.")

  @Argument(help: "The user's name, which becomes the sub of its tokens.", transform: NameForm.typed)
  var name: String

  @OptionGroup var data: DataFolderOption

  @Flag(help: "Read the password as one line from the standard input; there is no other way to give it.")
  var passwordStdin = false

  @Option(help: "What the user may be granted, separated by spaces.")
  var scopes = ""

  func validate() throws {
    guard passwordStdin else { throw ValidationError("give --password-stdin and pipe the password in") }
  }

  func run() throws {
    let scopes = try ScopesArgument.parse(scopes)
    let users = try data.users()
    let password = try InputLine.read("password")
    do { try users.add(name: name, password: password, scopes: scopes) } catch { throw CommandError(error) }
    try Terminal.writeLine("added user \(name)")
  }
}

struct UsersList: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the users.")

  @OptionGroup var data: DataFolderOption

  @Flag(help: "Print one JSON object a line.")
  var json = false

  private struct Row: Encodable {
    var name: String
    var enabled: Bool
    var scopes: String
  }

  func run() throws {
    let users: [Subject]
    do { users = try data.users().list() } catch let failure as AccountError { throw CommandError(failure) }
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

struct UsersPassword: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "password", abstract: "Gives a user a new password and ends the sessions that are open.")

  @Argument(help: "The user's name.", transform: NameForm.typed)
  var name: String

  @OptionGroup var data: DataFolderOption

  @Flag(help: "Read the password as one line from the standard input; there is no other way to give it.")
  var passwordStdin = false

  func validate() throws {
    guard passwordStdin else { throw ValidationError("give --password-stdin and pipe the password in") }
  }

  func run() throws {
    let users = try data.users()
    let password = try InputLine.read("password")
    do { try users.setPassword(name: name, password) } catch { throw CommandError(error) }
    try Terminal.writeLine("changed the password of \(name)")
  }
}

struct UsersDisable: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable", abstract: "Keeps a user from logging in and ends its sessions.")

  @Argument(help: "The user's name.", transform: NameForm.typed)
  var name: String

  @OptionGroup var data: DataFolderOption

  func run() throws {
    let users = try data.users()
    do { try users.setEnabled(name: name, false) } catch { throw CommandError(error) }
    try Terminal.writeLine("disabled user \(name); its sessions end: a running server sees it at once")
  }
}

struct UsersEnable: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Lets a disabled user log in and refresh again.")

  @Argument(help: "The user's name.", transform: NameForm.typed)
  var name: String

  @OptionGroup var data: DataFolderOption

  func run() throws {
    let users = try data.users()
    do { try users.setEnabled(name: name, true) } catch { throw CommandError(error) }
    try Terminal.writeLine("enabled user \(name)")
  }
}

struct UsersRemove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Removes a user; its sessions can be refreshed no more.")

  @Argument(help: "The user's name.", transform: NameForm.typed)
  var name: String

  @OptionGroup var data: DataFolderOption

  func run() throws {
    let users = try data.users()
    do { try users.remove(name: name) } catch { throw CommandError(error) }
    try Terminal.writeLine("removed user \(name)")
  }
}
