import TokenEngine

// What the articles of the documentation catalogue show, compiled; run by `ArticleSnippetTests`.

// docs:lifetimes
/// Sessions of a week for all, but for a mobile application, which loses replies, and a television, which nobody types
/// on.
func optionsAndClients() -> (options: EngineOptions, mobile: Client, television: Client) {
  var options = EngineOptions()
  options.accessLifetime = .seconds(10 * 60)
  options.idleLifetime = .seconds(7 * 86_400)
  options.absoluteLifetime = .seconds(90 * 86_400)
  let mobile = Client(id: "mobile", isPublic: true, grace: .seconds(60))
  let television = Client(
    id: "television", isPublic: true,
    lifetimes: ClientLifetimes(idle: .seconds(180 * 86_400), absolute: .seconds(365 * 86_400)))
  return (options, mobile, television)
}
// docs:end

// docs:recovery
/// Opens the engine and says what the log was like.
func openAndTell(folder: FilePath, say: (String) -> Void) async throws -> RotationEngine {
  let engine = try await RotationEngine.open(folder: folder)
  if let recovery = engine.recovery {
    say("log \(recovery.identity), epoch \(recovery.epoch), \(recovery.records) records replayed")
    if !recovery.wasClosedCleanly { say("it was not closed cleanly") }
    if let torn = recovery.tornTail { say("\(torn.bytes) torn bytes are kept in \(torn.copy)") }
  }
  return engine
}
// docs:end

// docs:one-time
/// Lets the holder of a link choose a new password, once.
func resetLink(for subject: String, in engine: RotationEngine) async throws -> String {
  let token = try await engine.issueOneTimeToken(purpose: "reset", subject: subject, lifetime: .seconds(600))
  return "https://app.example/reset?token=\(token.text)"
}

func subjectOfReset(_ token: String, in engine: RotationEngine) async throws -> String? {
  guard case .consumed(let subject, _) = try await engine.consumeOneTimeToken(token, purpose: "reset") else {
    return nil
  }
  return subject
}
// docs:end
