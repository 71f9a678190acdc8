import ArgumentParser
import TokenEngine
import TokenLedger
import WriteAheadLog

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes the live sessions as lines of JSON.",
    discussion: """
      From a data folder, the sessions are read from the log without its lock, so the server can be running. They are \
      those that were live after one record of the log, whose number is printed at the end. From a database, or with \
      --url from a server, they are read page by page. The lines hold no token and no key. docs/migrating.md says how \
      import uses them.
      """)

  @OptionGroup var place: StoreOptions
  @OptionGroup var remote: AdminServerOptions
  @OptionGroup var whose: SessionScopeOptions

  @Option(
    help: ArgumentHelp("Write to this new file, of mode 0600, in place of the standard output.", valueName: "file"))
  var output: String?

  /// The number of bytes that are written at once.
  private static let pieceBytes = 64 << 10

  func validate() throws { try place.refuse(beside: remote.url) }

  func run() async throws {
    let server = try remote.server()
    let file = try output.map { path throws(CommandError) in try PrivateFile(creating: path, "the sessions") }
    var count: UInt64 = 0
    var text = ""
    func write(_ row: SessionRow) throws(CommandError) {
      text += try JSONText.line(ExportedSession(row)) + "\n"
      count += 1
      if text.utf8.count >= ExportCommand.pieceBytes { try flush() }
    }
    func flush() throws(CommandError) {
      if file == nil { try Terminal.write(text) } else { try file?.write(text) }
      text = ""
    }
    let from: String
    if let server {
      try await server.sessions(subject: whose.subject, client: whose.client) { try write($0) }
      from = "from \(server.url)"
    } else {
      from = try await place.use { try await read($0, write) }
    }
    try flush()
    try file?.keep()
    let said = "exported \(count) live sessions \(from)"
    if let output { try Terminal.writeLine("\(said) to \(output)") } else { Terminal.note(said) }
  }

  private func read(
    _ store: any CommandStore, _ write: (SessionRow) throws(CommandError) -> Void
  ) async throws(CommandError) -> String {
    var bar = ProgressBar(label: "exporting", isWanted: output != nil, unit: .things("sessions"))
    var done: UInt64 = 0
    return try await store.sessions(of: whose.scope ?? .all, isCounted: output != nil) {
      (sessions, total) throws(CommandError) in
      for session in sessions {
        try write(SessionRow(session))
        done += 1
        bar.show(done, of: max(done, UInt64(total)))
      }
    }
  }
}

/// A session as `export` writes it and `import` reads it.
struct ExportedSession: Encodable {
  var sid: String
  var subject: String
  var client: String
  var scope: String
  var label: String?
  var rotation: String
  var generation: UInt32
  var openedAt: String
  var lastUsedAt: String
  var idleEnd: String
  var expiresAt: String
  var confirmation: SessionConfirmation?
  var attributes: String?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case sid, subject, scope, label, rotation, generation, attributes
    case confirmation = "cnf"
    case client = "client_id"
    case openedAt = "opened_at"
    case lastUsedAt = "last_used_at"
    case idleEnd = "idle_end"
    case expiresAt = "expires_at"
  }

  init(_ row: SessionRow) {
    sid = row.sid
    subject = row.subject
    client = row.client
    scope = row.scope
    label = row.label
    rotation = row.rotation
    generation = row.generation
    openedAt = row.openedAt
    lastUsedAt = row.lastUsedAt
    idleEnd = row.idleEnd
    expiresAt = row.absoluteEnd
    confirmation = row.confirmation
    attributes = row.attributes
  }
}
