extension AuditEvent: CustomStringConvertible {
  /// One line with the number, the time, the kind and the facts as `name=value`; a value that is more than one word is
  /// quoted.
  public var description: String {
    (["\(sequence)", "\(time)", fact.word] + fact.members.map { "\($0.name.rawValue)=\($0.value)" })
      .joined(separator: " ")
  }
}

extension AuditEvent {
  /// The kind of the event as a word, as ``description`` shows it: `opened`, `rotated`, ...
  package var kind: String { fact.word }

  /// The facts as text, in a fixed order.
  ///
  /// Values that are text are not quoted.
  package var facts: [(name: String, value: String)] {
    fact.members.map { member in
      if case .text(let text) = member.value { return (member.name.rawValue, text) }
      return (member.name.rawValue, "\(member.value)")
    }
  }
}

extension AuditEvent: Codable {
  /// Decodes an event from a JSON object.
  ///
  /// The object has `sequence` and `time` (milliseconds since 1970) as numbers, `event` as a word, and the facts of
  /// that event. Ids are written as text:
  ///
  ///     {"sequence": 7, "time": 1796031188123, "event": "rotated", "token": "q83vEjRWeJCrze8SAAAAAQ",
  ///      "subject": "ann", "client": "web"}
  ///
  /// | `event` | facts |
  /// |---|---|
  /// | `opened` | `token`, `subject`, `client`, `scope`, and `label` if the session has one |
  /// | `rotated`, `refreshed`, `successor_seen` | `token`, `subject`, `client` |
  /// | `retried` | `token`, `subject`, `client`, `class`: `retry`, `race`, `late_parent`, `stale_lineage` |
  /// | `reused` | the facts of `retried`, `generations_behind`, `revoked_session` |
  /// | `revoked` | `session`, `subject`, `client`, `cause`: `requested`, `reuse`, `rollback`, `evicted` |
  /// | `revoked_all` | `subject`, `client` or both, or `all`, which is true |
  /// | `access_revoked` | `token`, `until` |
  /// | `expired` | `sessions`, `one_time_tokens` |
  /// | `one_time_issued`, `one_time_consumed` | `session`, `subject`, `purpose` |
  /// | `missed` | `from` |
  ///
  /// Unknown members are ignored, so that a later version can add some.
  ///
  /// - Throws: `DecodingError` with the coding path if a member is missing, has another type or holds an unknown word.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Member.self)
    self.init(
      sequence: try container.placed(.sequence) { try $0.decode(UInt64.self, forKey: $1) },
      time: try container.placed(.time) { try $0.decode(Timestamp.self, forKey: $1) }, fact: try Fact(container))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Member.self)
    try container.encode(sequence, forKey: .sequence)
    try container.encode(time, forKey: .time)
    try container.encode(fact.word, forKey: .event)
    for member in fact.members {
      switch member.value {
      case .text(let text): try container.encode(text, forKey: member.name)
      case .number(let number): try container.encode(number, forKey: member.name)
      case .time(let time): try container.encode(time, forKey: member.name)
      case .flag(let flag): try container.encode(flag, forKey: member.name)
      }
    }
  }
}

private enum Member: String, CodingKey {
  case sequence, time, event
  case token, session, subject, client, scope, label, `class`, cause, until, sessions, purpose, from, all
  case generationsBehind = "generations_behind"
  case revokedSession = "revoked_session"
  case oneTimeTokens = "one_time_tokens"
}

extension KeyedDecodingContainer<Member> {
  /// Decodes a member, and turns any other error into a `DecodingError` with the coding path: Foundation's decoder
  /// throws an error without a path for a number that the type cannot hold.
  fileprivate func placed<Value>(_ member: Member, _ decode: (Self, Member) throws -> Value) throws -> Value {
    do { return try decode(self, member) } catch let error where !(error is DecodingError) {
      throw DecodingError.dataCorruptedError(forKey: member, in: self, debugDescription: "\(error)")
    }
  }
}

private enum Value: CustomStringConvertible {
  case text(String)
  case number(UInt64)
  case time(Timestamp)
  case flag(Bool)

  var description: String {
    switch self {
    case .text(let text):
      let isWord = !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") }
      return isWord ? text : Self.quoted(text)
    case .number(let number): return "\(number)"
    case .time(let time): return "\(time)"
    case .flag(let flag): return "\(flag)"
    }
  }

  /// Returns the text in quotes, with quotes, backslashes, control characters and line separators escaped: they could
  /// end the quoted text or be taken by a terminal for a command.
  private static func quoted(_ text: String) -> String {
    let letters = text.unicodeScalars.map { letter -> String in
      switch letter.value {
      case 0x22, 0x5C: "\\\(letter)"
      case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029: "\\u{\(String(letter.value, radix: 16))}"
      default: String(letter)
      }
    }
    return "\"\(letters.joined())\""
  }
}

extension AuditEvent.Fact {
  fileprivate var word: String {
    switch self {
    case .opened: "opened"
    case .rotated: "rotated"
    case .refreshed: "refreshed"
    case .retried: "retried"
    case .successorSeen: "successor_seen"
    case .reused: "reused"
    case .revoked: "revoked"
    case .revokedAll: "revoked_all"
    case .accessRevoked: "access_revoked"
    case .expired: "expired"
    case .oneTimeIssued: "one_time_issued"
    case .oneTimeConsumed: "one_time_consumed"
    case .missed: "missed"
    }
  }

  fileprivate var members: [(name: Member, value: Value)] {
    func whose(_ token: TokenID, _ subject: String, _ client: String) -> [(name: Member, value: Value)] {
      [(.token, .text(token.text)), (.subject, .text(subject)), (.client, .text(client))]
    }
    switch self {
    case .opened(let token, let subject, let client, let scope, let label):
      var members = whose(token, subject, client)
      members.append((.scope, .text(scope)))
      if let label { members.append((.label, .text(label))) }
      return members
    case .rotated(let token, let subject, let client), .refreshed(let token, let subject, let client),
      .successorSeen(let token, let subject, let client):
      return whose(token, subject, client)
    case .retried(let token, let subject, let client, let reuse):
      return whose(token, subject, client) + [(.class, .text("\(reuse)"))]
    case .reused(let token, let subject, let client, let reuse, let behind, let revoked):
      return whose(token, subject, client) + [
        (.class, .text("\(reuse)")), (.generationsBehind, .number(UInt64(behind))), (.revokedSession, .flag(revoked)),
      ]
    case .revoked(let session, let subject, let client, let cause):
      return [
        (.session, .text(session.text)), (.subject, .text(subject)), (.client, .text(client)),
        (.cause, .text("\(cause)")),
      ]
    case .revokedAll(.subject(let subject)): return [(.subject, .text(subject))]
    case .revokedAll(.client(let client)): return [(.client, .text(client))]
    case .revokedAll(.subjectAtClient(let subject, let client)):
      return [(.subject, .text(subject)), (.client, .text(client))]
    case .revokedAll(.all): return [(.all, .flag(true))]
    case .accessRevoked(let token, let end): return [(.token, .text(token.text)), (.until, .time(end))]
    case .expired(let sessions, let oneTimeTokens):
      return [(.sessions, .number(UInt64(max(0, sessions)))), (.oneTimeTokens, .number(UInt64(max(0, oneTimeTokens))))]
    case .oneTimeIssued(let session, let subject, let purpose),
      .oneTimeConsumed(let session, let subject, let purpose):
      return [(.session, .text(session.text)), (.subject, .text(subject)), (.purpose, .text(purpose))]
    case .missed(let first): return [(.from, .number(first))]
    }
  }

  fileprivate init(_ container: KeyedDecodingContainer<Member>) throws {
    func text(_ member: Member) throws -> String { try container.decode(String.self, forKey: member) }
    func token() throws -> TokenID { try container.decode(TokenID.self, forKey: .token) }
    func session() throws -> SessionID { try container.decode(SessionID.self, forKey: .session) }
    func reuse() throws -> ReuseClass { try Self.word(ReuseClass.allCases, .class, container) }
    switch try text(.event) {
    case "opened":
      self = .opened(
        try token(), subject: try text(.subject), client: try text(.client), scope: try text(.scope),
        label: try container.decodeIfPresent(String.self, forKey: .label))
    case "rotated": self = .rotated(try token(), subject: try text(.subject), client: try text(.client))
    case "refreshed": self = .refreshed(try token(), subject: try text(.subject), client: try text(.client))
    case "successor_seen": self = .successorSeen(try token(), subject: try text(.subject), client: try text(.client))
    case "retried":
      self = .retried(try token(), subject: try text(.subject), client: try text(.client), try reuse())
    case "reused":
      self = .reused(
        try token(), subject: try text(.subject), client: try text(.client), try reuse(),
        generationsBehind: try container.placed(.generationsBehind) { try $0.decode(UInt32.self, forKey: $1) },
        revokedSession: try container.decode(Bool.self, forKey: .revokedSession))
    case "revoked":
      self = .revoked(
        try session(), subject: try text(.subject), client: try text(.client),
        try Self.word(RevocationCause.allCases, .cause, container))
    case "revoked_all": self = .revokedAll(try Self.scope(container))
    case "access_revoked":
      self = .accessRevoked(
        try token(), until: try container.placed(.until) { try $0.decode(Timestamp.self, forKey: $1) })
    case "expired":
      self = .expired(
        sessions: try Self.count(.sessions, container), oneTimeTokens: try Self.count(.oneTimeTokens, container))
    case "one_time_issued":
      self = .oneTimeIssued(try session(), subject: try text(.subject), purpose: try text(.purpose))
    case "one_time_consumed":
      self = .oneTimeConsumed(try session(), subject: try text(.subject), purpose: try text(.purpose))
    case "missed": self = .missed(from: try container.placed(.from) { try $0.decode(UInt64.self, forKey: $1) })
    default: throw Self.fault(.event, container, "no event that is known here")
    }
  }

  private static func scope(_ container: KeyedDecodingContainer<Member>) throws -> SessionScope {
    let subject = try container.decodeIfPresent(String.self, forKey: .subject)
    let client = try container.decodeIfPresent(String.self, forKey: .client)
    let isAll = try container.decodeIfPresent(Bool.self, forKey: .all)
    switch (subject, client, isAll) {
    case (let subject?, let client?, nil): return .subjectAtClient(subject: subject, client: client)
    case (let subject?, nil, nil): return .subject(subject)
    case (nil, let client?, nil): return .client(client)
    case (nil, nil, true?): return .all
    default: throw fault(.all, container, "it must be true and alone, or there is a subject, a client or both")
    }
  }

  private static func count(_ member: Member, _ container: KeyedDecodingContainer<Member>) throws -> Int {
    let count = try container.decode(Int.self, forKey: member)
    guard count >= 0 else { throw fault(member, container, "it must not be negative") }
    return count
  }

  private static func word<Word: CustomStringConvertible>(
    _ words: [Word], _ member: Member, _ container: KeyedDecodingContainer<Member>
  ) throws -> Word {
    let text = try container.decode(String.self, forKey: member)
    guard let word = words.first(where: { $0.description == text }) else {
      throw fault(member, container, "it must be one of \(words.map(\.description).joined(separator: ", "))")
    }
    return word
  }

  private static func fault(
    _ member: Member, _ container: KeyedDecodingContainer<Member>, _ what: String
  ) -> DecodingError {
    .dataCorruptedError(forKey: member, in: container, debugDescription: what)
  }
}
