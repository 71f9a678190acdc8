import ArgumentParser
import TokenAccounts
import TokenEngine

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
    do { users = try data.users().list() } catch let failure as AccountFailure { throw CommandFailure(failure) }
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
