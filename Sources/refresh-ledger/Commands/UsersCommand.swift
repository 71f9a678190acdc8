import ArgumentParser

struct UsersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "users",
    abstract: "The embedded user file. A running server sees every change at once.",
    subcommands: [
      UsersAdd.self, UsersList.self, UsersPassword.self, UsersDisable.self, UsersEnable.self, UsersRemove.self,
    ])
}
