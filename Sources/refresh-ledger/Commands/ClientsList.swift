import ArgumentParser
import TokenAccounts
import TokenEngine

struct ClientsList: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the clients, never a secret.")

  @OptionGroup var data: DataFolderOption

  @Flag(help: "Print one JSON object a line.")
  var json = false

  private struct Row: Encodable {
    var id: String
    var isPublic: Bool
    var scopes: String?
    var grants: String
    var grace: String?
    var accessTTL: String?
    var refreshTTL: String?
    var maxAge: String?
    var rotation: String
    var introspect: Bool
    var admin: Bool

    enum CodingKeys: String, CodingKey {
      case id, scopes, grants, grace, accessTTL, refreshTTL, maxAge, rotation, introspect, admin
      case isPublic = "public"
    }

    init(_ client: Client) {
      id = client.id
      isPublic = client.isPublic
      scopes = client.scopes?.text
      grants = GrantType.allCases.filter(client.grants.contains).map(\.rawValue).joined(separator: " ")
      grace = client.grace.flatMap(ClientFile.text(of:))
      accessTTL = client.lifetimes.access.flatMap(ClientFile.text(of:))
      refreshTTL = client.lifetimes.refresh.flatMap(ClientFile.text(of:))
      maxAge = client.lifetimes.session.flatMap(ClientFile.text(of:))
      rotation = "\(client.rotation)"
      introspect = client.mayIntrospect
      admin = client.isAdmin
    }

    var lifetimes: String {
      let own = [("access", accessTTL), ("refresh", refreshTTL), ("max", maxAge)].compactMap { name, text in
        text.map { "\(name) \($0)" }
      }
      return own.isEmpty ? "default" : own.joined(separator: ", ")
    }
  }

  func run() throws {
    let rows: [Row]
    do { rows = try data.clients().list().map(Row.init) } catch let failure as AccountFailure {
      throw CommandFailure(failure)
    }
    if json {
      for row in rows { try Terminal.writeLine(JSONText.line(row)) }
      return
    }
    var table = TextTable("ID", "KIND", "GRANTS", "ROTATION", "GRACE", "LIFETIMES", "MAY", "SCOPES")
    for row in rows {
      let rights = [row.introspect ? "introspect" : nil, row.admin ? "admin" : nil].compactMap(\.self)
      table.append(
        row.id, row.isPublic ? "public" : "confidential", row.grants, row.rotation, row.grace ?? "default",
        row.lifetimes, rights.isEmpty ? "-" : rights.joined(separator: " "), row.scopes ?? "(all)")
    }
    try Terminal.write(table.text)
  }
}
