import ArgumentParser
import TokenAccounts
import TokenLedger

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
    do { try users.setPassword(name: name, password) } catch { throw CommandFailure(error) }
    try Terminal.writeLine("changed the password of \(name)")
  }
}
