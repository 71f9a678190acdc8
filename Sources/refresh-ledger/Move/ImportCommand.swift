import ArgumentParser
import TokenEngine
import TokenLedger

#if Postgres
import TokenLedgerPostgres
#endif

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Opens a session for each line of a file, and writes their refresh tokens to a new file.",
    discussion: """
      A line is a JSON object: subject, client_id, and optionally scope, label, opened_at, idle_end, expires_at. The \
      whole file is checked before anything is changed. If an import was interrupted, run it again: it continues where \
      it stopped, and opens no session twice. The server of a data folder must be stopped; instances on a database \
      can keep running. docs/migrating.md says more.
      """)

  @Argument(help: "The file of JSON lines.")
  var file: String

  @OptionGroup var place: StoreOptions

  @Option(
    help: ArgumentHelp(
      "Write a line with the refresh token of each session to this new file, of mode 0600. Required without --dry-run.",
      valueName: "file"))
  var tokens: String?

  @Flag(help: "Check everything and change nothing; works while the server runs.")
  var dryRun = false

  @Flag(help: "Print one JSON object.")
  var json = false

  /// The number of sessions that one commit opens.
  private static let batchCount = 1000

  private struct Outcome: Encodable {
    var lines = 0
    var imported = 0
    /// The number of sessions that have ended by their own times.
    var ended = 0
    /// The number of sessions that an earlier run opened.
    var present = 0
    /// The number of those that were refreshed or ended since, and no longer have a first token.
    var gone = 0
    var tokens: String?
    var dryRun = false
  }

  private struct TokenLine: Encodable {
    var line: Int
    var sid: String
    var subject: String
    var client: String
    var label: String?
    var token: String

    enum CodingKeys: String, CodingKey {
      case line, sid, subject, label
      case client = "client_id"
      case token = "refresh_token"
    }
  }

  func validate() throws {
    guard dryRun || tokens != nil else {
      throw ValidationError("name a file for the refresh tokens with --tokens, or try it with --dry-run")
    }
  }

  func run() async throws {
    let settings = try place.settings()
    if let tokens { try PrivateFile.refuseTaken(tokens) }
    var outcome: Outcome
    switch settings.store.kind {
    case .embedded: outcome = try await importIntoFolder(settings)
    case .postgres:
      #if Postgres
      outcome = try await importIntoDatabase(settings)
      #else
      throw CommandError.withoutPostgres
      #endif
    }
    outcome.dryRun = dryRun
    try Terminal.writeLine(json ? JSONText.line(outcome) : words(outcome))
  }

  private func importIntoFolder(_ settings: ServerSettings) async throws -> Outcome {
    let data = place.data
    let accounts = try await ImportAccounts(
      users: data.users(), clients: data.clients(), settings: settings, now: SessionClock.system.now())
    var outcome = try check(accounts)
    guard let tokens, !dryRun else { return outcome }
    let settings = try IssuerChoice.settle(settings, folder: data.path) { Terminal.note($0) }
    let engine = try await openEngine(settings)
    try await Self.closing(engine) { try await open(accounts, in: engine, &outcome, tokens: tokens) }
    return outcome
  }

  #if Postgres
  private func importIntoDatabase(_ settings: ServerSettings) async throws -> Outcome {
    let settings = try settings.issuedByDatabase()
    let store = try await DatabaseStore.open(settings)
    return try await store.whileOpen {
      let users = try await store.users()
      let accounts = try await ImportAccounts(
        users: users, clients: store.clients(), settings: settings, now: store.ledger.now())
      var outcome = try check(accounts)
      guard let tokens, !dryRun else { return outcome }
      let engine = try await store.engine(options: settings.engine, subjects: users, observer: SilentObserver())
      try await Self.closing(engine) { try await open(accounts, in: engine, &outcome, tokens: tokens) }
      return outcome
    }
  }
  #endif

  private func words(_ outcome: Outcome) -> String {
    var words: [String] = []
    if dryRun {
      words.append(
        "\(file): \(outcome.lines) lines are good, \(outcome.lines - outcome.ended) sessions can be imported")
    } else {
      words.append("imported \(outcome.imported) sessions")
    }
    if outcome.ended > 0 { words.append("\(outcome.ended) have ended") }
    if outcome.present > 0 { words.append("\(outcome.present) were there from an earlier run") }
    if outcome.gone > 0 {
      words.append("\(outcome.gone) of them were refreshed or have ended since, so they have no first token")
    }
    if let tokens = outcome.tokens { words.append("their tokens are in \(tokens)") }
    return words.joined(separator: "; ")
  }

  /// Reads the whole file before anything is changed, and throws if any line is refused.
  private func check(_ accounts: ImportAccounts) throws(CommandError) -> Outcome {
    var accounts = accounts
    var outcome = Outcome()
    var first: String?
    var refused = 0
    let lines = try ImportLines(path: file)
    var bar = ProgressBar(label: "checking")
    while let line = try lines.next() {
      outcome.lines += 1
      bar.show(lines.bytesRead, of: lines.bytesTotal)
      do throws(ImportedSession.Refusal) {
        if case .ended = try accounts.judge(line) { outcome.ended += 1 }
      } catch {
        refused += 1
        if first == nil { first = "\(file):\(lines.number): \(error)" }
      }
    }
    guard let first else { return outcome }
    let more = refused == 1 ? "" : " (\(refused - 1) more lines are refused; nothing was changed)"
    throw CommandError(.bad, first + more)
  }

  private static func closing(_ engine: RotationEngine, _ work: () async throws -> Void) async throws {
    do {
      try await work()
    } catch {
      try? await engine.close()
      throw error
    }
    do { try await engine.close() } catch { throw CommandError(error) }
  }

  private func openEngine(_ settings: ServerSettings) async throws(CommandError) -> RotationEngine {
    var bar = ProgressBar(label: "replaying the log")
    do {
      return try await RotationEngine.open(folder: place.data.folder, options: settings.engine) {
        bar.show($0.bytesRead, of: $0.bytesTotal)
      }
    } catch {
      throw CommandError(error)
    }
  }

  private func open(
    _ accounts: ImportAccounts, in engine: RotationEngine, _ outcome: inout Outcome, tokens: String
  ) async throws {
    var accounts = accounts
    let file = try PrivateFile(creating: tokens, "the refresh tokens")
    let lines = try ImportLines(path: self.file)
    let total = UInt64(outcome.lines - outcome.ended)
    var done: UInt64 = 0
    var bar = ProgressBar(label: "importing", unit: .things("sessions"))
    var batch: [(number: Int, session: ForeignSession)] = []
    var isAtEnd = false
    while !isAtEnd {
      if let line = try lines.next() {
        // The line was accepted a moment ago.
        guard let verdict = try? accounts.judge(line) else {
          throw CommandError(.bad, "\(self.file):\(lines.number): changed while it was read; run this again")
        }
        if case .live(let session) = verdict { batch.append((lines.number, session)) }
      } else {
        isAtEnd = true
      }
      guard batch.count == Self.batchCount || isAtEnd && !batch.isEmpty else { continue }
      try await commit(batch, in: engine, to: file, &outcome)
      done += UInt64(batch.count)
      bar.show(done, of: max(done, total))
      batch = []
    }
    try file.keep()
    outcome.tokens = tokens
  }

  private func commit(
    _ batch: [(number: Int, session: ForeignSession)], in engine: RotationEngine, to file: PrivateFile,
    _ outcome: inout Outcome
  ) async throws {
    let outcomes: [ImportOutcome]
    do { outcomes = try await engine.importSessions(batch.map(\.session)) } catch { throw CommandError(error) }
    var text = ""
    for (item, made) in zip(batch, outcomes) {
      let (id, token): (SessionID, String?)
      switch made {
      case .opened(let refreshToken, let session):
        (id, token) = (session, refreshToken)
        outcome.imported += 1
      case .present(let refreshToken, let session):
        (id, token) = (session, refreshToken)
        outcome.present += 1
      case .gone(let session):
        (id, token) = (session, nil)
        outcome.present += 1
        outcome.gone += 1
      }
      guard let token else { continue }
      text +=
        try JSONText.line(
          TokenLine(
            line: item.number, sid: id.text, subject: item.session.subject, client: item.session.client.id,
            label: item.session.label, token: token)) + "\n"
    }
    try file.write(text)
  }
}
