import ArgumentParser
import TokenAccounts
import TokenLedger

struct UsersDisable: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable", abstract: "Keeps a user from logging in and ends its sessions.")

  @Argument(help: "The user's name.", transform: NameForm.typed)
  var name: String

  @OptionGroup var data: DataFolderOption

  func run() throws {
    let users = try data.users()
    do { try users.setEnabled(name: name, false) } catch { throw CommandFailure(error) }
    try Terminal.writeLine("disabled user \(name); its sessions end: a running server sees it at once")
  }
}
