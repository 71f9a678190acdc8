import InMemoryLogging
import Logging
import Testing
import TokenEngine

@testable import TokenObservability

@Suite("The lines of the log")
struct LogLineTests {
  private static let token = TokenID(session: SessionID(high: 1, low: 2), generation: 3)
  private static let session = "AAAAAAAAAAEAAAAC"
  private static let jti = "AAAAAAAAAAEAAAACAAAAAw"

  private func line(of event: EngineEvent) throws -> InMemoryLogHandler.Entry {
    let kept = InMemoryLogHandler()
    var logger = Logger(label: "test", factory: { _ in kept })
    logger.logLevel = .trace
    EngineLogObserver(logger: logger).engine(observed: event)
    #expect(kept.entries.count == 1)
    return try #require(kept.entries.first)
  }

  @Test(
    "name a session by its id and a token by its jti, as audit events do",
    arguments: [
      .opened(token, subject: "ann", client: "web"), .rotated(token, subject: "ann", client: "web"),
      .refreshed(token, subject: "ann", client: "web"), .retried(token, subject: "ann", client: "web", .retry),
      .refused(.expired(generationsBehind: nil), token: token, client: "web"),
      .refused(.reused(.lateParent, generationsBehind: 1, revokedSession: true), token: token, client: "web"),
      .refused(.neverIssued(generationsAhead: 1), token: token, client: "web"),
    ] as [EngineEvent])
  func ids(event: EngineEvent) throws {
    let line = try line(of: event)
    #expect(line.metadata["session"] == "\(Self.session)")
    #expect(line.metadata["token"] == "\(Self.jti)")
    #expect(line.metadata["client"] == "web")
  }

  @Test("name what was revoked, and a one-time token, by the same ids")
  func revocations() throws {
    #expect(try line(of: .revoked(Self.token.session)).metadata == ["session": "\(Self.session)"])
    #expect(try line(of: .accessRevoked(Self.token)).metadata == ["token": "\(Self.jti)"])
    #expect(
      try line(of: .oneTimeConsumed(Self.token.session, subject: "ann", purpose: "reset")).metadata == [
        "token": "\(Self.session)", "subject": "ann", "purpose": "reset",
      ])
  }

  @Test("name no session where no token was readable")
  func unreadable() throws {
    let line = try line(of: .refused(.badToken(.malformed), token: nil, client: "web"))
    #expect(line.metadata == ["client": "web", "reason": "malformed"])
  }

  @Test(
    "tell of a database, and of what its loss means, as loud as it is",
    arguments: [
      (.databaseUnavailable("no route to db1\n"), .error, "the database cannot be reached", "no route to db1"),
      (.databaseAvailable, .notice, "the database answers again", nil),
      (.feedStale(.milliseconds(5_020)), .warning, "not heard of", "5020"),
      (.feedCaughtUp, .notice, "known again", nil),
      (.outcomeUnknown("the connection broke"), .warning, "not known if a change was made", "the connection broke"),
      (.databaseFenced("run database fence"), .critical, "lost acknowledged changes", "run database fence"),
      (.databaseDamaged("row 7 of `event`"), .error, "cannot be read", "row 7 of `event`"),
      (.policyDiffers(before: "grace 0 s", now: "grace 30 s"), .warning, "another policy", "grace 30 s"),
    ] as [(EngineEvent, Logger.Level, String, String?)])
  func database(event: EngineEvent, level: Logger.Level, words: String, metadata: String?) throws {
    let line = try line(of: event)
    #expect(line.level == level && "\(line.message)".contains(words))
    #expect(metadata.map { text in line.metadata.values.contains { "\($0)" == text } } ?? line.metadata.isEmpty)
  }

  @Test("have no control characters, line breaks or direction marks from names")
  func names() throws {
    let line = try line(
      of: .opened(Self.token, subject: "a\r\nb\u{1B}[31m\u{2028}c\u{202E}d", client: "w\0eb"))
    #expect(line.metadata["subject"] == "ab[31mcd")
    #expect(line.metadata["client"] == "web")
    #expect(LogText.line(String(repeating: "a", count: 10_000)).count == 256)
  }
}
