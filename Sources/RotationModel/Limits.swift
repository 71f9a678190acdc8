internal import Platform

/// What a value may be, and the words that errors, help and configuration say it in.
public struct Limit<Value: Comparable & Sendable>: Sendable {
  public let range: ClosedRange<Value>
  public let text: String

  public init(_ range: ClosedRange<Value>, _ text: String) {
    self.range = range
    self.text = text
  }

  /// `1ms to 30d` of `from 1ms to 30d`.
  package var span: String { text.hasPrefix("from ") ? String(text.dropFirst(5)) : text }

  /// `30d`.
  package var most: String { text.split(separator: " ").last.map(String.init) ?? text }

  /// Throws ``LedgerError/invalid(field:limit:)`` for a value outside.
  public func check(_ field: String, _ value: Value) throws(LedgerError) {
    guard range.contains(value) else { throw .invalid(field: field, limit: text) }
  }
}

/// The limits that every ledger and all that stands on one share, each once.
public enum Limits {
  /// Of an access token. So long a revocation is remembered, whatever the lifetimes were when the tokens were minted and are after a restart.
  public static let accessLifetime = Limit(
    Duration.milliseconds(1)...(.milliseconds(Lifetimes.accessMillisecondsMax)), "from 1ms to 30d")
  /// Of a session: both the idle lifetime and the absolute one. Keeps every sum of a time and a lifetime far from overflow.
  public static let lifetime = Limit(
    Duration.milliseconds(1)...(.milliseconds(Lifetimes.millisecondsMax)), "from 1ms to 36600d")
  /// Of the grace window. A lost reply is asked for again within seconds; a longer window helps whoever has stolen a token.
  public static let grace = Limit(
    Duration.zero...(.milliseconds(RotationRequest.graceMillisecondsMax)), "from 0s to 300s")
  /// How many sessions a subject may have at a time; 0 is for any number.
  public static let sessionsPerSubject = Limit(0...10_000, "from 0 (no cap) to 10000")
  /// How many requests one batch holds: its step takes some milliseconds, in which other callers wait.
  public static let batch = Limit(0...4096, "at most 4096")
  /// How many sessions one page of a listing holds.
  public static let page = Limit(1...1000, "from 1 to 1000")
  /// How many events are kept for a consumer that is slower than they come.
  public static let eventBuffer = Limit(1...1_048_576, "from 1 to 1048576")

  /// UTF-8 bytes of the ids that tokens carry: with the most scopes a token stays under 4 KiB.
  public static let subjectID = Limit(1...512, "from 1 to 512 bytes without control characters")
  public static let clientID = Limit(1...256, "from 1 to 256 bytes without control characters")
  /// UTF-8 bytes of what a one-time token is good for.
  public static let purposeID = Limit(
    1...OneTimeGrant.purposeBytesMax, "from 1 to \(OneTimeGrant.purposeBytesMax) bytes without control characters")

  /// UTF-8 bytes of a subject, a client and a scope.
  static let textBytes = Limit(0...SessionGrant.textBytesMax, "0 to \(SessionGrant.textBytesMax) bytes")
  static let labelBytes = Limit(
    1...SessionGrant.labelBytesMax, "1 to \(SessionGrant.labelBytesMax) bytes without control characters")
  static let purposeBytes = Limit(1...OneTimeGrant.purposeBytesMax, "1 to \(OneTimeGrant.purposeBytesMax) bytes")
  static let payloadBytes = Limit(0...OneTimeGrant.payloadBytesMax, "0 to \(OneTimeGrant.payloadBytesMax) bytes")
}

// MARK: - Bad input is refused before anything changes.

extension RotationRequest {
  /// Throws ``LedgerError/invalid(field:limit:)`` for the first value outside its limit.
  @inlinable
  public func validate() throws(LedgerError) {
    guard narrowedScope == nil, graceMilliseconds == 0 else { return try validateOptions() }
  }

  @usableFromInline
  func validateOptions() throws(LedgerError) {
    if let narrowedScope { try Limits.textBytes.check("scope", narrowedScope.utf8.count) }
    try Limits.grace.check("grace", .milliseconds(graceMilliseconds))
  }
}

extension SessionGrant {
  /// Throws ``LedgerError/invalid(field:limit:)`` for the first value outside its limit.
  public func validate() throws(LedgerError) {
    // Nearly always, and without a look at the words of the limits.
    let hasRoom = max(subject.utf8.count, client.utf8.count, scope.utf8.count) <= SessionGrant.textBytesMax
    if hasRoom, label == nil, NameForm.isKept(subject), NameForm.isKept(client) { return }
    try NameForm.validate("subject", subject)
    try NameForm.validate("client", client)
    try Limits.textBytes.check("scope", scope.utf8.count)
    guard let label else { return }
    guard !label.hasControlCharacters, Limits.labelBytes.range.contains(label.utf8.count) else {
      throw .invalid(field: "label", limit: Limits.labelBytes.text)
    }
  }
}

extension OneTimeGrant {
  /// Throws ``LedgerError/invalid(field:limit:)`` for the first value outside its limit.
  public func validate() throws(LedgerError) {
    try NameForm.validate("subject", subject)
    try Limits.purposeBytes.check("purpose", purpose.utf8.count)
    try Limits.payloadBytes.check("payload", payload.count)
    try Limits.lifetime.check("lifetime", Duration.milliseconds(lifetimeMilliseconds))
  }
}

extension NameForm {
  fileprivate static func validate(_ field: String, _ name: String) throws(LedgerError) {
    try Limits.textBytes.check(field, name.utf8.count)
    try check(field, name)
  }
}

extension SessionScope {
  /// Calls `body` with the field and the name of each name in the scope, of which none is too long.
  package func eachName(_ body: (String, String) throws(LedgerError) -> Void) throws(LedgerError) {
    func name(_ field: String, _ name: String) throws(LedgerError) {
      try Limits.textBytes.check(field, name.utf8.count)
      try body(field, name)
    }
    switch self {
    case .subject(let subject): try name("subject", subject)
    case .client(let client): try name("client", client)
    case .subjectAtClient(let subject, let client):
      try name("subject", subject)
      try name("client", client)
    case .all: break
    }
  }
}
