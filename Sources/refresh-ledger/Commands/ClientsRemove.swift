import ArgumentParser
import TokenAccounts
import TokenLedger

struct ClientsRemove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Removes a client; its sessions can be refreshed no more.")

  @Argument(help: "The client_id.", transform: NameForm.typed)
  var id: String

  @OptionGroup var data: DataFolderOption

  func run() throws {
    let clients = try data.clients()
    do { try clients.remove(id: id) } catch { throw CommandFailure(error) }
    try Terminal.writeLine("removed client \(id)")
  }
}
