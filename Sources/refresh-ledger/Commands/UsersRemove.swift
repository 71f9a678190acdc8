import ArgumentParser
import TokenAccounts
import TokenLedger

struct UsersRemove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Removes a user; its sessions can be refreshed no more.")

  @Argument(help: "The user's name.", transform: NameForm.typed)
  var name: String

  @OptionGroup var data: DataFolderOption

  func run() throws {
    let users = try data.users()
    do { try users.remove(name: name) } catch { throw CommandFailure(error) }
    try Terminal.writeLine("removed user \(name)")
  }
}
