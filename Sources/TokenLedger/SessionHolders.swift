/// The subjects and clients that have live sessions.
public struct SessionHolders: Sendable, Hashable {
  public var subjects: [String]
  /// When the oldest of each client's was opened.
  public var firstOpenings: [String: Timestamp]
}
