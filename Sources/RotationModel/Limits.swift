internal import Platform

/// The range of a value, and the text in which errors, help and configuration state it.
public struct Limit<Value: Comparable & Sendable>: Sendable {
  public let range: ClosedRange<Value>
  public let text: String

  public init(_ range: ClosedRange<Value>, _ text: String) {
    self.range = range
    self.text = text
  }

  /// The range without the word "from": `1ms to 30d` for the text `from 1ms to 30d`.
  package var span: String { text.hasPrefix("from ") ? String(text.dropFirst(5)) : text }

  /// The upper limit: `30d` for the text `from 1ms to 30d`.
  package var most: String { text.split(separator: " ").last.map(String.init) ?? text }

  /// Checks a value.
  ///
  /// - Throws: ``LedgerError/invalid(field:limit:)`` if the value is outside the range.
  public func check(_ field: String, _ value: Value) throws(LedgerError) {
    guard range.contains(value) else { throw .invalid(field: field, limit: text) }
  }
}

/// The limits that all ledgers and everything built on them share, each defined once.
public enum Limits {
  /// The lifetime of an access token.
  ///
  /// A revocation is remembered for the longest one, whatever the lifetimes were when the tokens were issued and are
  /// after a restart.
  public static let accessLifetime = Limit(
    Duration.milliseconds(1)...(.milliseconds(Lifetimes.accessMillisecondsMax)), "from 1ms to 30d")
  /// The lifetime of a session, both idle and absolute.
  ///
  /// The limit keeps every sum of a time and a lifetime far from overflow.
  public static let lifetime = Limit(
    Duration.milliseconds(1)...(.milliseconds(Lifetimes.millisecondsMax)), "from 1ms to 36600d")
  /// The grace window.
  ///
  /// A client that lost a reply asks again within seconds; a longer window helps whoever has stolen a token.
  public static let grace = Limit(
    Duration.zero...(.milliseconds(RotationRequest.graceMillisecondsMax)), "from 0s to 300s")
  /// The time for which a proof of a key is accepted after it was made, and remembered once it was accepted.
  public static let proofWindow = Limit(Duration.seconds(1)...(.seconds(3600)), "from 1s to 1h")
  /// The grace window of a client whose refresh tokens are delivered in cookies: two tabs of a page present one token
  /// at the same moment, and a reply can take some seconds.
  public static let cookieGrace = Limit(
    Duration.seconds(5)...(.milliseconds(RotationRequest.graceMillisecondsMax)), "from 5s to 300s")
  /// The number of sessions that a subject can have at a time; 0 stands for no cap.
  public static let sessionsPerSubject = Limit(0...10_000, "from 0 (no cap) to 10000")
  /// The number of requests in one batch.
  ///
  /// The step of a batch takes some milliseconds, in which other callers wait.
  public static let batch = Limit(0...4096, "at most 4096")
  /// The number of sessions in one page of a listing.
  public static let page = Limit(1...1000, "from 1 to 1000")
  /// The number of events that are kept for a slow consumer.
  public static let eventBuffer = Limit(1...1_048_576, "from 1 to 1048576")

  /// The number of UTF-8 bytes in the subject and client ids that tokens carry.
  ///
  /// With the most scopes a token stays under 4 KiB.
  public static let subjectID = Limit(1...512, "from 1 to 512 bytes without control characters")
  public static let clientID = Limit(1...256, "from 1 to 256 bytes without control characters")
  /// The number of UTF-8 bytes in the purpose of a one-time token.
  public static let purposeID = Limit(
    1...OneTimeGrant.purposeBytesMax, "from 1 to \(OneTimeGrant.purposeBytesMax) bytes without control characters")

  /// The number of UTF-8 bytes in each of subject, client and scope.
  static let textBytes = Limit(0...SessionGrant.textBytesMax, "0 to \(SessionGrant.textBytesMax) bytes")
  static let labelBytes = Limit(
    1...SessionGrant.labelBytesMax, "1 to \(SessionGrant.labelBytesMax) bytes without control characters")
  /// The number of bytes in the attributes of a session.
  public static let attributesBytes = Limit(
    0...SessionGrant.attributesBytesMax, "0 to \(SessionGrant.attributesBytesMax) bytes")
  static let purposeBytes = Limit(1...OneTimeGrant.purposeBytesMax, "1 to \(OneTimeGrant.purposeBytesMax) bytes")
  static let payloadBytes = Limit(0...OneTimeGrant.payloadBytesMax, "0 to \(OneTimeGrant.payloadBytesMax) bytes")
}

// MARK: - Validation before anything changes

extension RotationRequest {
  /// Checks each value of the request.
  ///
  /// - Throws: ``LedgerError/invalid(field:limit:)`` for the first value outside its limit.
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
  /// Checks each value of the grant.
  ///
  /// - Throws: ``LedgerError/invalid(field:limit:)`` for the first value outside its limit.
  public func validate() throws(LedgerError) {
    // The common case, decided without building the texts of the limits.
    let hasRoom = max(subject.utf8.count, client.utf8.count, scope.utf8.count) <= SessionGrant.textBytesMax
    if hasRoom, label == nil, attributes.isEmpty, NameForm.isKept(subject), NameForm.isKept(client) { return }
    try NameForm.validate("subject", subject)
    try NameForm.validate("client", client)
    try Limits.textBytes.check("scope", scope.utf8.count)
    try Limits.attributesBytes.check("attributes", attributes.count)
    guard let label else { return }
    guard !label.hasControlCharacters, Limits.labelBytes.range.contains(label.utf8.count) else {
      throw .invalid(field: "label", limit: Limits.labelBytes.text)
    }
  }
}

extension OneTimeGrant {
  /// Checks each value of the grant.
  ///
  /// - Throws: ``LedgerError/invalid(field:limit:)`` for the first value outside its limit.
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
  /// Checks the length of each name in the scope and calls `body` with its field and the name.
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
