/// The subjects and clients that have live sessions.
public struct SessionHolders: Sendable, Hashable {
  public var subjects: [String]
  /// Each client once for each version under which sessions of it are live.
  public var clients: [ClientHolding]

  public struct ClientHolding: Sendable, Hashable {
    public var client: String
    public var version: AccountVersion
    /// When the oldest of these sessions was opened.
    public var firstOpening: Timestamp
  }
}
