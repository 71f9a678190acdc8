import TokenAccounts
import TokenEngine
import TokenSigning

/// The place that a command works on, opened: a data folder, or a database that servers share.
protocol CommandStore: Sendable {
  /// The path of the folder, or the database without its password.
  var place: String { get }

  func users() async throws(CommandError) -> any SubjectDirectory
  func clients() async throws(CommandError) -> any ClientDirectory

  /// The place of the signing keys.
  func keys() async throws(CommandError) -> any KeySource

  /// The live sessions in pages, in an order that stays the same. Returns as of when they are, in words.
  ///
  /// - Parameters:
  ///   - isCounted: whether they are counted first, which a database takes seconds for if there are millions.
  ///   - page: gets some of them, and how many there are about; 0 if they are not counted.
  func sessions(
    of scope: SessionScope, isCounted: Bool, _ page: (_ sessions: [Session], _ total: Int) throws(CommandError) -> Void
  ) async throws(CommandError) -> String

  /// Returns what is known of a session; nil if nothing is.
  func story(of session: SessionID) async throws(CommandError) -> SessionStory?

  /// Ends a session. Returns whether it was live.
  func revoke(_ session: SessionID) async throws(CommandError) -> Bool

  /// Ends the sessions of a scope. Returns how many were live.
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

/// A session with what happened to it.
struct SessionStory: Encodable {
  /// The session; nil if it has ended.
  var session: SessionRow?
  var life: [LogRecordLine]
  /// The life in lines for people.
  var table: String

  enum CodingKeys: String, CodingKey { case session, life }
}
