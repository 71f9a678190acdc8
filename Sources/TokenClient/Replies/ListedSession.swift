/// A page of live sessions.
public struct SessionListing: Sendable, Hashable, Decodable {
  public var sessions: [ListedSession]
  /// The cursor of the next page, or nil at the end.
  public var next: String?
}

/// A live session, as the admin routes tell it.
///
/// Times are those of the wall clock.
public struct ListedSession: Sendable, Hashable, Decodable {
  public var id: SessionID
  public var subject: String
  public var client: String
  public var scopes: Scopes
  public var label: String?
  /// The number of rotations so far.
  public var generation: UInt32
  public var openedAt: Timestamp
  public var lastUsedAt: Timestamp
  /// The end of the session if it is not refreshed.
  public var idleEnd: Timestamp
  /// The end of the session whatever happens.
  public var absoluteEnd: Timestamp

  private enum CodingKeys: String, CodingKey {
    case id = "sid"
    case subject, label, generation
    case client = "client_id"
    case scopes = "scope"
    case openedAt = "opened_at_ms"
    case lastUsedAt = "last_used_at_ms"
    case idleEnd = "idle_end_ms"
    case absoluteEnd = "absolute_end_ms"
  }
}

/// A one-time token that was issued.
///
/// Printing, dumping or interpolating it does not show its text.
public struct OneTimeIssue: Sendable, Hashable, Decodable {
  public var token: String
  public var id: SessionID
  public var expiresAt: Timestamp

  private enum CodingKeys: String, CodingKey {
    case token, id
    case expiresAt = "expires_at_ms"
  }
}

extension OneTimeIssue: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "OneTimeIssue(id: \(id), expiresAt: \(expiresAt), token redacted)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["id": id, "expiresAt": expiresAt]) }
}

/// The meaning of a one-time token, for the one who consumed it.
public struct OneTimeUse: Sendable, Hashable, Decodable {
  public var subject: String
  public var payload: String
}
