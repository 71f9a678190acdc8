import Logging
import ServiceLifecycle
import TokenEngine
import TokenLedger
import TokenObservability

/// Ends the sessions of users that were removed or disabled or have another password, and of clients that were removed, as soon as
/// the account files say so: also while nobody logs in, a file is looked at ten times a second.
struct AccountRevocation: Service {
  let engine: RotationEngine
  let users: SubjectFile
  let clients: ClientFile
  /// What the files' observers were told.
  let ended: AsyncStream<SessionScope>
  let logger: Logger

  static func scopes(of event: AccountFileEvent) -> [SessionScope] {
    guard case .ended(let kind, let names) = event else { return [] }
    return switch kind {
    case .user: names.map { .subject($0) }
    case .client: names.map { .client($0) }
    }
  }

  func run() async throws {
    await endOutdated()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.follow() }
      for await scope in ended.cancelOnGracefulShutdown() { await end(scope) }
      group.cancelAll()
    }
  }

  private func follow() async {
    while !Task.isShuttingDownGracefully, (try? await Task.sleep(for: .milliseconds(100))) != nil {
      await users.follow()
      await clients.follow()
    }
  }

  /// Until it is durable: a log that is overloaded is asked again.
  private func end(_ scope: SessionScope) async {
    while true {
      do {
        return try await endOnce(scope)
      } catch {
        logger.error("the sessions of \(LogText.line("\(scope)")) could not be ended: \(error)")
        guard error.isTemporary, !engine.isClosedForWrites, (try? await Task.sleep(for: .seconds(1))) != nil else {
          return
        }
      }
    }
  }

  /// Of a user who may log in, what was opened before the change: a log-in that came right after it goes on.
  private func endOnce(_ scope: SessionScope) async throws(EngineFailure) {
    if case .subject(let name) = scope, let user = await users.subject(id: name), user.isEnabled {
      try await engine.revokeOutdatedSessions(of: user)
    } else {
      try await engine.revokeSessions(of: scope)
    }
  }

  /// What changed while no server ran: a refresh finds it out by itself, access tokens are ended here.
  private func endOutdated() async {
    do {
      let holders = await engine.holders
      let known = Set(try users.list().map(\.id))
      for subject in holders.subjects where !known.contains(NameForm.typed(subject)) {
        logger.notice("the user \(LogText.line(subject)) was removed while no server ran: its sessions end")
        await end(.subject(subject))
      }
      let clients = Dictionary(try clients.list().map { ($0.id, $0) }) { first, _ in first }
      let outdated = holders.clients.filter { clients[NameForm.typed($0.client)]?.isOutdated($0) ?? true }
      for client in Set(outdated.map(\.client)).sorted() {
        logger.notice(
          "the client \(LogText.line(client)) was removed or replaced while no server ran: its sessions end")
        await end(.client(NameForm.typed(client)))
      }
      for user in try users.list() {
        let count = try await engine.revokeOutdatedSessions(of: user)
        if count > 0 {
          let sessions = FigureText.counted(count, "session")
          logger.notice("the user \(LogText.line(user.id)) was changed while no server ran: \(sessions) ended")
        }
      }
    } catch {
      logger.error("sessions from before a change of their user are ended at their next refresh: \(error)")
    }
  }
}

extension Client {
  /// Whether sessions that are live at a client of this id were opened before it was added.
  fileprivate func isOutdated(_ holding: SessionHolders.ClientHolding) -> Bool {
    guard holding.version == .unknown else { return holding.version != version }
    return sessionsNotBefore.map { holding.firstOpening < $0 } ?? false
  }
}
