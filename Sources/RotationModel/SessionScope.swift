internal import Platform

/// Whose sessions: for listing them and for ending them together.
///
/// A name in Unicode normal form C (NFC) means every spelling of it that the log of an older release holds; a name in another form its own bytes, and
/// is refused where the log does not hold them.
public enum SessionScope: Sendable, Hashable {
  case subject(String)
  case client(String)
  case subjectAtClient(subject: String, client: String)
  case all

  /// Whether a session of that subject and client is one of them.
  public func contains(subject: String, client: String) -> Bool {
    switch self {
    case .subject(let mine): mine.hasSameBytes(as: subject)
    case .client(let mine): mine.hasSameBytes(as: client)
    case .subjectAtClient(let mine, let other): mine.hasSameBytes(as: subject) && other.hasSameBytes(as: client)
    case .all: true
    }
  }

  /// Whether all that it names is one subject's.
  package var isOfOneSubject: Bool {
    switch self {
    case .subject, .subjectAtClient: true
    case .client, .all: false
    }
  }

  /// Whether the names in it are in NFC.
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

/// Why a session was revoked.
@nonexhaustive
public enum RevocationCause: UInt8, Sendable, Hashable, CaseIterable {
  /// Somebody who may asked for it.
  case requested = 1
  /// A rotated-out refresh token was presented again.
  case reuse = 2
  /// The log is older than what was served from it: it was restored or repaired, or a token proves it.
  case rollback = 3
  /// Its subject opened another and had as many sessions as it may have.
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

/// Some of the sessions that a listing asks for, and where it goes on.
public struct SessionPage: Sendable, Hashable {
  /// In an order that stays the same while the ledger is open.
  public var sessions: [Session]
  /// Nil at the end. A page may hold fewer sessions than were asked for and yet not be the last one.
  public var next: SessionCursor?

  public init(sessions: [Session], next: SessionCursor? = nil) {
    self.sessions = sessions
    self.next = next
  }
}

/// The place in a listing after one session: a text that means something to the ledger that gave it, and to nobody else.
public struct SessionCursor: Sendable, Hashable {
  /// For a query: printable ASCII, at most ``bytesMax``.
  public let text: String

  public static let bytesMax = 128

  /// Nil unless `text` could be one. Whether it is one is known to the ledger that it is given to.
  public init?(text: String) {
    let isPrintable = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    guard isPrintable, (1...Self.bytesMax).contains(text.utf8.count) else { return nil }
    self.text = text
  }

  /// - Precondition: ``init(text:)`` would take the text.
  package init(unchecked text: String) {
    self.text = text
  }
}

extension SessionCursor: LosslessStringConvertible {
  /// The same as ``text``.
  public var description: String { text }

  /// The same as ``init(text:)``.
  public init?(_ description: String) { self.init(text: description) }
}

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
