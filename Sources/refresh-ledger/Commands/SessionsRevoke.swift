import ArgumentParser
import TokenEngine
import TokenLedger

struct SessionsRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Ends one session, those of a subject or of a client, or all.",
    discussion: """
      Prints how many sessions ended; that may be none, but for one session by its id it is exit 1. While a server has the log open, \
      ask it with --url; without that: 75.
      """)

  @Argument(help: ArgumentHelp("One session: the claim sid of its tokens.", valueName: "sid"))
  var session: String?

  @OptionGroup var data: DataFolderOption
  @OptionGroup var remote: AdminServerOptions
  @OptionGroup var whose: SessionScopeOptions

  @Flag(help: "All sessions there are.")
  var all = false

  func validate() throws {
    try data.refuse(beside: remote.url)
    guard [session != nil, whose.scope != nil, all].count(where: { $0 }) == 1 else {
      throw ValidationError("name one session, or a subject or client with --subject and --client, or --all")
    }
    if let session { _ = try SessionArgument.parse(session) }
    guard whose.subject != "", whose.client != "" else {
      throw ValidationError("--subject and --client must not be empty; all sessions are --all")
    }
  }

  func run() async throws {
    if let server = try remote.server() { return try Terminal.writeLine(await revoke(at: server)) }
    guard let ledger = try await data.openLedger() else {
      throw CommandFailure(
        .temporary,
        "\(data.path): a server has the log open; ask it with --url, or stop it first"
      )
    }
    let outcome: Result<String, CommandFailure>
    do throws(LedgerFailure) {
      outcome = try await revoke(in: ledger)
    } catch {
      try? await ledger.close()
      throw CommandFailure(error)
    }
    do { try await ledger.close() } catch { throw CommandFailure(error) }
    try Terminal.writeLine(outcome.get())
  }

  private func revoke(at server: AdminServer) async throws -> String {
    guard let session, let id = SessionID(text: session) else {
      return Self.words(try await server.revokeAll(subject: whose.subject, client: whose.client))
    }
    guard try await server.revoke(id) else {
      throw CommandFailure(.bad, "\(server.url): session \(session) is not live; there was nothing to revoke")
    }
    return "revoked session \(session)"
  }

  private func revoke(in ledger: RefreshLedger) async throws(LedgerFailure) -> Result<String, CommandFailure> {
    if let session, let id = SessionID(text: session) {
      guard try await ledger.revoke(id) else {
        return .failure(
          CommandFailure(.bad, "\(data.path): session \(session) is not live; there was nothing to revoke"))
      }
      return .success("revoked session \(session)")
    }
    return .success(Self.words(try await ledger.revokeAndCount(whose.scope ?? .all)))
  }

  private static func words(_ count: Int) -> String { "revoked \(count) session\(count == 1 ? "" : "s")" }
}
