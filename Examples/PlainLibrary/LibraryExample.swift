import TokenEngine

/// Opens a durable engine in a folder, rotates once, presents the old token again and reads what happened back from the
/// log.
@main
struct LibraryExample {
  static func main() async throws {
    let folder = CommandLine.arguments.dropFirst().first ?? "tokens"
    try await run(folder: FilePath(folder)) { print($0) }
  }

  static func run(folder: FilePath, print: (String) -> Void) async throws {
    // docs:ten-lines
    var options = EngineOptions()
    options.grace = .seconds(30)
    let engine = try await RotationEngine.open(folder: folder, options: options)
    let web = Client(id: "web", isPublic: true)
    let pair = try await engine.openUncheckedSession(subject: "ann", client: web, scopes: [], label: "Ann's laptop")
    if case .granted(let next) = try await engine.refresh(pair.refreshToken, client: web),
      // The reply was lost, say, and the client tries again.
      case .granted(let again) = try await engine.refresh(pair.refreshToken, client: web)
    {
      print("a retry is answered with the identical pair: \(next.refreshToken == again.refreshToken)")
    }
    let caller = try engine.verify(pair.accessToken)
    print("the access token is \(caller.subject)'s at \(caller.client)")
    // docs:end

    // docs:events
    let known = await engine.statistics.sequence
    for try await event in try await engine.events(after: 0) {
      switch event.fact {
      case .opened(_, let subject, _, _, let label): print("opened by \(subject) on \(label ?? "?")")
      case .rotated(let token, _, _): print("rotated to generation \(token.generation)")
      case .retried(let token, _, _, _): print("retried generation \(token.generation)")
      default: break
      }
      // Keep the number beside what you made of the event: after a restart, go on with events(after:) from it.
      if event.sequence >= known { break }
    }
    // docs:end
    try await engine.close()
  }
}
