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

  /// Whether the names in it are in NFC.
  var isKept: Bool {
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
