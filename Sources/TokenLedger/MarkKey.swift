/// A ``SessionScope`` in the numbers of a state's names.
package enum MarkKey: Sendable, Hashable {
  case subject(UInt32)
  case client(UInt32)
  case subjectAtClient(subject: UInt32, client: UInt32)
  case all

  package var subject: UInt32? {
    switch self {
    case .subject(let subject), .subjectAtClient(let subject, _): subject
    case .client, .all: nil
    }
  }

  package var client: UInt32? {
    switch self {
    case .client(let client), .subjectAtClient(_, let client): client
    case .subject, .all: nil
    }
  }
}

extension MarkKey {
  /// What it is about, as records and checkpoints number it.
  var kind: UInt8 {
    switch self {
    case .subject: 1
    case .client: 2
    case .subjectAtClient: 3
    case .all: 4
    }
  }

  /// Nil unless the kind has just these numbers.
  init?(kind: UInt8, subject: UInt32?, client: UInt32?) {
    switch (kind, subject, client) {
    case (1, let subject?, nil): self = .subject(subject)
    case (2, nil, let client?): self = .client(client)
    case (3, let subject?, let client?): self = .subjectAtClient(subject: subject, client: client)
    case (4, nil, nil): self = .all
    default: return nil
    }
  }

  /// The place in a checkpoint.
  var rank: (UInt8, UInt32, UInt32) { (kind, subject ?? .max, client ?? .max) }
}
