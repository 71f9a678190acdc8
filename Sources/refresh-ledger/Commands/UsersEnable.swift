import ArgumentParser
import TokenAccounts
import TokenLedger

struct UsersEnable: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Lets a disabled user log in and refresh again.")

  @Argument(help: "The user's name.", transform: NameForm.typed)
  var name: String

  @OptionGroup var data: DataFolderOption

  func run() throws {
    let users = try data.users()
    do { try users.setEnabled(name: name, true) } catch { throw CommandFailure(error) }
    try Terminal.writeLine("enabled user \(name)")
  }
}
