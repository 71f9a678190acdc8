import Logging
import ServiceLifecycle
import Synchronization
import TokenAccounts
import TokenEngine
import TokenLedger
import TokenObservability

/// A service that ends the sessions of users that were removed or disabled or have another password, and of removed
/// clients, as soon as the accounts change.
///
/// The service checks the accounts ten times a second, even if nobody logs in.
struct AccountRevocation: Service {
  let engine: RotationEngine
  let users: any SubjectDirectory
  let clients: any ClientDirectory
  /// The sessions to end, as the observers of the accounts reported them.
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

  /// Ends sessions and waits until that is durable.
  ///
  /// It tries again if the log is overloaded.
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

  /// Ends the sessions once.
  ///
  /// Those of a user who may log in end if they were opened before the change, so that a log-in right after it
  /// continues, even at an instance that heard of the change before this one. The same holds for a client that has
  /// replaced another.
  private func endOnce(_ scope: SessionScope) async throws(EngineError) {
    if case .subject(let name) = scope, let user = try await latestUser(name), user.isEnabled {
      try await engine.revokeOutdatedSessions(of: user)
    } else if case .client(let id) = scope {
      try await engine.revokeSessions(ofGone: id, in: clients)
    } else {
      try await engine.revokeSessions(of: scope)
    }
  }

  private func latestUser(_ name: String) async throws(EngineError) -> Subject? {
    do { return try await users.latestSubject(id: name) } catch {
      throw (error as? StoreError).map { .store($0) } ?? .foreign(error)
    }
  }

  /// Ends the sessions of accounts that changed while no server ran.
  ///
  /// A refresh would find that out by itself; this ends their access tokens too.
  private func endOutdated() async {
    do {
      let holders = try await engine.sessionHolders()
      let known = Set(try await users.list().map(\.id))
      for subject in holders.subjects where !known.contains(NameForm.typed(subject)) {
        logger.notice("the user \(LogText.line(subject)) was removed while no server ran: its sessions end")
        await end(.subject(subject))
      }
      let clients = Dictionary(try await clients.list().map { ($0.id, $0) }) { first, _ in first }
      let outdated = holders.clients.filter { clients[NameForm.typed($0.client)]?.isOutdated($0) ?? true }
      for client in Set(outdated.map(\.client)).sorted() {
        logger.notice(
          "the client \(LogText.line(client)) was removed or replaced while no server ran: its sessions end")
        await end(.client(NameForm.typed(client)))
      }
      for user in try await users.list() {
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
  /// Checks whether live sessions of a client with this id were opened before it was added.
  fileprivate func isOutdated(_ holding: SessionHolders.ClientHolding) -> Bool {
    guard holding.version == .unknown else { return holding.version != version }
    return sessionsNotBefore.map { holding.firstOpening < $0 } ?? false
  }
}

/// The log lines about changes of the account files, once the start has made what was missing in them.
final class AccountLog: Sendable {
  private let logger: Logger
  private let hasBegun = Atomic(false)

  init(_ logger: Logger) {
    self.logger = logger
  }

  /// Logs what the start made, and every later change.
  ///
  /// The files that the start itself wrote are not reported as changes.
  func begin(after first: FirstStart) {
    hasBegun.store(true, ordering: .relaxed)
    let made = first.made
    guard !made.isEmpty else { return }
    logger.notice("first start: made \(made.joined(separator: " and ")), whose secrets are on the standard output")
  }

  func tell(_ event: AccountFileEvent) {
    switch event {
    case .reloaded(let path, let entries):
      guard hasBegun.load(ordering: .relaxed) else { return }
      logger.info("\(path) was read again: it has \(FigureText.entries(entries))")
    case .ended(let kind, let names):
      logger.notice("the sessions of \(FigureText.counted(names.count, kind.rawValue)) end")
    case .refused(let failure): logger.error("what was read before stays in force: \(failure)")
    }
  }
}
