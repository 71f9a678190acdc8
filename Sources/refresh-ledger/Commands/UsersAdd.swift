import ArgumentParser
import TokenAccounts
import TokenEngine
import TokenLedger

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
    do { try users.add(name: name, password: password, scopes: scopes) } catch { throw CommandFailure(error) }
    try Terminal.writeLine("added user \(name)")
  }
}
