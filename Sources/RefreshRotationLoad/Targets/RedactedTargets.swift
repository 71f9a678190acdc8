internal import TokenEngine

extension ConsumedToken: RedactedValue {}

extension Endpoint: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The address and the names, without password and secret.
  public var description: String { "Endpoint(\(url), user: \(user), client: \(clientID ?? "none"), secrets redacted)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["url": url, "user": user]) }
}

extension IssuedToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "IssuedToken(redacted)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
