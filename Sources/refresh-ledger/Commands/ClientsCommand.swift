import ArgumentParser

struct ClientsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clients",
    abstract: "The embedded client file. A running server sees every change at once.",
    subcommands: [ClientsAdd.self, ClientsList.self, ClientsRemove.self])
}
