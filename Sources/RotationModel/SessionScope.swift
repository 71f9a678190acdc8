internal import Platform

/// A set of sessions, to be listed or revoked together.
///
/// A name in Unicode normal form C (NFC) selects every spelling of it that the log of an older release holds. A name in
/// another form selects only its own bytes, and is refused if the log does not hold them.
public enum SessionScope: Sendable, Hashable {
  case subject(String)
  case client(String)
  case subjectAtClient(subject: String, client: String)
  case all

  /// Checks whether a session of that subject and client belongs to the scope.
  public func contains(subject: String, client: String) -> Bool {
    switch self {
    case .subject(let mine): mine.hasSameBytes(as: subject)
    case .client(let mine): mine.hasSameBytes(as: client)
    case .subjectAtClient(let mine, let other): mine.hasSameBytes(as: subject) && other.hasSameBytes(as: client)
    case .all: true
    }
  }

  /// True if the scope names a single subject.
  package var isOfOneSubject: Bool {
    switch self {
    case .subject, .subjectAtClient: true
    case .client, .all: false
    }
  }

  /// True if the names in the scope are in NFC.
  package var isKept: Bool {
    switch self {
    case .subject(let name), .client(let name): NameForm.isKept(name)
    case .subjectAtClient(let subject, let client): NameForm.isKept(subject) && NameForm.isKept(client)
    case .all: true
    }
  }
}

extension SessionScope: CustomStringConvertible {
  public var description: String {
    switch self {
    case .subject(let subject): "subject \(subject)"
    case .client(let client): "client \(client)"
    case .subjectAtClient(let subject, let client): "subject \(subject) at client \(client)"
    case .all: "all"
    }
  }
}

/// A ``SessionScope`` whose names are compared byte by byte.
package struct TextScope: Hashable, Sendable {
  private let subject: String?
  private let client: String?

  package static let all = TextScope()

  package static func subject(_ subject: String) -> TextScope { TextScope(subject: subject) }
  package static func client(_ client: String) -> TextScope { TextScope(client: client) }
  package static func both(_ subject: String, _ client: String) -> TextScope {
    TextScope(subject: subject, client: client)
  }

  /// Creates a scope in which nil stands for all names.
  package init(subject: String? = nil, client: String? = nil) {
    self.subject = subject
    self.client = client
  }

  package init(_ scope: SessionScope) {
    switch scope {
    case .subject(let subject): self.init(subject: subject)
    case .client(let client): self.init(client: client)
    case .subjectAtClient(let subject, let client): self.init(subject: subject, client: client)
    case .all: self.init()
    }
  }

  /// The scope whose names these are.
  package var scope: SessionScope {
    switch (subject, client) {
    case (let subject?, let client?): .subjectAtClient(subject: subject, client: client)
    case (let subject?, nil): .subject(subject)
    case (nil, let client?): .client(client)
    case (nil, nil): .all
    }
  }

  package static func == (left: TextScope, right: TextScope) -> Bool {
    left.subject.hasSameBytes(as: right.subject) && left.client.hasSameBytes(as: right.client)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(subject == nil)
    subject?.hashExactly(into: &hasher)
    client?.hashExactly(into: &hasher)
  }
}

/// The reason that a session was revoked.
@nonexhaustive
public enum RevocationCause: UInt8, Sendable, Hashable, CaseIterable {
  /// An authorized caller asked for the revocation.
  case requested = 1
  /// A consumed refresh token was presented again.
  case reuse = 2
  /// The log is older than a state it has served: it was restored or repaired, or a token proves it.
  case rollback = 3
  /// The subject opened another session while it had as many as it may have.
  case evicted = 4
}

extension RevocationCause: CustomStringConvertible {
  public var description: String {
    switch self {
    case .requested: "requested"
    case .reuse: "reuse"
    case .rollback: "rollback"
    case .evicted: "evicted"
    }
  }
}

/// A page of a listing of sessions, and the position at which it continues.
public struct SessionPage: Sendable, Hashable {
  /// The sessions, in an order that stays the same while the ledger is open.
  public var sessions: [Session]
  /// The position of the next page, or nil at the end.
  ///
  /// A page can hold fewer sessions than asked for and yet not be the last.
  public var next: SessionCursor?

  public init(sessions: [Session], next: SessionCursor? = nil) {
    self.sessions = sessions
    self.next = next
  }
}

/// The position in a listing after one session.
///
/// Its text has a meaning only for the ledger that gave it.
public struct SessionCursor: Sendable, Hashable {
  /// The cursor as text for a query: printable ASCII, at most ``bytesMax`` bytes.
  public let text: String

  public static let bytesMax = 128

  /// Creates a cursor from its text, or returns nil if no cursor has such a text.
  ///
  /// Only the ledger can tell whether the cursor is one of its own.
  public init?(text: String) {
    let isPrintable = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    guard isPrintable, (1...Self.bytesMax).contains(text.utf8.count) else { return nil }
    self.text = text
  }

  /// Creates a cursor from a text without checking it.
  ///
  /// - Precondition: ``init(text:)`` would accept the text.
  package init(unchecked text: String) {
    self.text = text
  }
}

extension SessionCursor: LosslessStringConvertible {
  /// The ``text`` of the cursor.
  public var description: String { text }

  /// Creates a cursor from its text; see ``init(text:)``.
  public init?(_ description: String) { self.init(text: description) }
}

/// The subjects and clients that have live sessions.
public struct SessionHolders: Sendable, Hashable {
  public var subjects: [String]
  /// The clients, each once for every account version under which it has live sessions.
  public var clients: [ClientHolding]

  public struct ClientHolding: Sendable, Hashable {
    public var client: String
    public var version: AccountVersion
    /// The time at which the oldest of these sessions was opened.
    public var firstOpening: Timestamp

    public init(client: String, version: AccountVersion, firstOpening: Timestamp) {
      self.client = client
      self.version = version
      self.firstOpening = firstOpening
    }
  }

  public init(subjects: [String], clients: [ClientHolding]) {
    self.subjects = subjects
    self.clients = clients
  }
}
