import TokenAccounts
import TokenEngine
import TokenSigning

/// The opened place on which a command works: a data folder, or a database that servers share.
protocol CommandStore: Sendable {
  /// The path of the folder, or the database without its password.
  var place: String { get }

  func users() async throws(CommandError) -> any SubjectDirectory
  func clients() async throws(CommandError) -> any ClientDirectory

  /// Returns the place of the signing keys.
  func keys() async throws(CommandError) -> any KeySource

  /// Passes the live sessions to a closure in pages, in an order that stays the same.
  ///
  /// `page` is called with some of the sessions and their approximate total. With `isCounted`, a database counts them
  /// first, which takes seconds if there are millions; if it does not count them, the total is 0. The returned text
  /// names their source: the log and the record up to which it was read, or the database.
  func sessions(
    of scope: SessionScope, isCounted: Bool, _ page: (_ sessions: [Session], _ total: Int) throws(CommandError) -> Void
  ) async throws(CommandError) -> String

  /// Returns what is known of a session, or nil if nothing is.
  func story(of session: SessionID) async throws(CommandError) -> SessionStory?

  /// Revokes a session, and returns true if it was live.
  func revoke(_ session: SessionID) async throws(CommandError) -> Bool

  /// Revokes the sessions of a scope, and returns the number that were live.
  func revoke(_ scope: SessionScope) async throws(CommandError) -> Int

  func close() async
}

extension CommandStore {
  /// Runs `work`, and closes the store afterwards.
  func whileOpen<Outcome>(_ work: () async throws -> Outcome) async throws -> Outcome {
    do {
      let outcome = try await work()
      await close()
      return outcome
    } catch {
      await close()
      throw error
    }
  }
}

/// A session with its history.
struct SessionStory: Encodable {
  /// The session, or nil if it has ended.
  var session: SessionRow?
  var life: [LogRecordLine]
  /// The history in lines for people.
  var table: String

  enum CodingKeys: String, CodingKey { case session, life }
}
