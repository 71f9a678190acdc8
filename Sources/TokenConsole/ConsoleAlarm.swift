internal import TokenLedger

/// An event that an operator should know of.
struct ConsoleAlarm: Sendable {
  enum What: Sendable {
    case reused(client: String, ReuseClass, revokedSession: Bool)
    /// The log is older than what was served from it.
    case neverIssued(client: String)
    case revoked
    case revokedAll(SessionScope)
    case checkpointFailed(String)
    case clockStepped(shiftSeconds: Int64)
  }

  let time: Timestamp
  let session: SessionID?
  let what: What
}
