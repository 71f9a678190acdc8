import Foundation
import LedgerTesting
import Testing
import TokenLedger

@Suite("Ids, times and events as text")
struct ReadableTextTests {
  static let session = SessionID(high: 0xABCD_EF12_3456_7890, low: 0xABCD_EF12)
  static let token = TokenID(session: session, generation: 1)

  @Test("Ids print as the claims that they are, and come back from that text alone")
  func identifiers() throws {
    #expect("\(Self.session)" == "q83vEjRWeJCrze8S" && "\(Self.token)" == "q83vEjRWeJCrze8SAAAAAQ")
    #expect(SessionID("\(Self.session)") == Self.session && TokenID("\(Self.token)") == Self.token)
    for text in ["", "q83vEjRWeJCrze8", "q83vEjRWeJCrze8SA", "q83vEjRWeJCrze8=", "q83vEjRWeJCrze8 ", "q83vEjRWeJCrzeé"]
    {
      #expect(SessionID(text) == nil, "\(text)")
    }
    // The last letter of 22 has four bits that mean nothing.
    for text in ["q83vEjRWeJCrze8SAAAAAR", "q83vEjRWeJCrze8SAAAA", "q83vEjRWeJCrze8SAAAAA+"] {
      #expect(TokenID(text) == nil, "\(text)")
    }
  }

  @Test("Every id comes back from its text", arguments: 0..<50 as Range<UInt64>)
  func everyIdentifier(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let id = TokenID(
      session: SessionID(high: random.next(), low: UInt32(truncatingIfNeeded: random.next() as UInt64)),
      generation: UInt32(truncatingIfNeeded: random.next() as UInt64))
    #expect(TokenID(id.text) == id && SessionID(id.session.text) == id.session)
  }

  @Test(
    "A time prints as RFC 3339 has it, and comes back",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_123, "2000-02-29T00:00:00.123Z"),
      (1_796_031_188_007, "2026-11-30T09:33:08.007Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
      (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"), (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
      (-62_167_219_200_001, "-000001-12-31T23:59:59.999Z"), (Int64.max, "+292278994-08-17T07:12:55.807Z"),
      (Int64.min, "-292275055-05-16T16:47:04.192Z"),
    ] as [(Int64, String)])
  func times(milliseconds: Int64, text: String) {
    let time = Timestamp(milliseconds: milliseconds)
    #expect("\(time)" == text)
    #expect(Timestamp(text) == time)
  }

  @Test(
    "What is no time in UTC is none",
    arguments: [
      "", "Z", "2027-02-29T00:00:00Z", "2026-11-31T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-10T00:00:00Z",
      "2026-11-30T24:00:00Z", "2026-11-30T23:60:00Z", "2026-11-30T23:59:60Z", "2026-11-30T09:33:08", "2026-11-30",
      "2026-11-30T09:33:08.1Z", "2026-11-30T09:33:08+00:00", "2026-11-30t09:33:08z", "26-11-30T09:33:08Z",
      "+002026-11-30T09:33:08Z", "-000000-01-01T00:00:00Z", "+292278994-08-17T07:12:55.808Z",
      "-292275055-05-16T16:47:04.191Z", "+999999999-01-01T00:00:00Z", "2026-11-30T09:33:٠8Z",
    ])
  func noTimes(text: String) {
    #expect(Timestamp(text) == nil)
  }

  static let facts: [AuditEvent.Fact] = [
    .opened(token, subject: "ann", client: "web", scope: "read", label: "Ann's phone"),
    .opened(token, subject: "ann", client: "web", scope: "", label: nil),
    .rotated(token, subject: "ann", client: "web"), .refreshed(token, subject: "ann", client: "web"),
    .retried(token, subject: "ann", client: "web", .retry), .successorSeen(token, subject: "ann", client: "web"),
    .reused(token, subject: "ann", client: "web", .staleLineage, generationsBehind: 3, revokedSession: true),
    .revoked(session, subject: "ann", client: "web", .evicted), .revokedAll(.subject("ann")),
    .revokedAll(.client("web")), .revokedAll(.subjectAtClient(subject: "ann", client: "web")), .revokedAll(.all),
    .accessRevoked(token, until: Timestamp(milliseconds: 5)), .expired(sessions: 7, oneTimeTokens: 0),
    .oneTimeIssued(session, subject: "ann", purpose: "reset"),
    .oneTimeConsumed(session, subject: "ann", purpose: "reset"), .missed(from: .max),
  ]

  @Test("Every event comes back from its JSON", arguments: facts)
  func events(fact: AuditEvent.Fact) throws {
    let event = AuditEvent(sequence: 9, time: Timestamp(milliseconds: 1_796_031_188_007), fact: fact)
    #expect(try JSONDecoder().decode(AuditEvent.self, from: JSONEncoder().encode(event)) == event)
  }

  @Test("An event is JSON with ids as text and the time in milliseconds, and prints as a line")
  func eventText() throws {
    let event = AuditEvent(sequence: 9, time: Timestamp(milliseconds: 1_796_031_188_007), fact: Self.facts[0])
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(
      String(decoding: try encoder.encode(event), as: UTF8.self)
        == #"{"client":"web","event":"opened","label":"Ann's phone","scope":"read","sequence":9,"subject":"ann","time":1796031188007,"token":"q83vEjRWeJCrze8SAAAAAQ"}"#
    )
    #expect(
      "\(event)" == "9 2026-11-30T09:33:08.007Z opened token=q83vEjRWeJCrze8SAAAAAQ subject=ann client=web scope=read "
        + #"label="Ann's phone""#)
  }

  @Test(
    "JSON that is no event is refused with its place",
    arguments: [
      (#"{"sequence":-1,"time":1,"event":"missed","from":1}"#, "sequence"),
      (#"{"sequence":1,"time":"now","event":"missed","from":1}"#, "time"),
      (#"{"sequence":1,"time":1,"event":"stolen"}"#, "event"),
      (#"{"sequence":1,"time":1,"event":"rotated","token":"q83vEjRWeJCrze8S","subject":"a","client":"b"}"#, "token"),
      (#"{"sequence":1,"time":1,"event":"rotated","token":null,"subject":"a","client":"b"}"#, "token"),
      (#"{"sequence":1,"time":1,"event":"revoked","session":7,"subject":"a","client":"b","cause":"reuse"}"#, "session"),
      (
        #"{"sequence":1,"time":1,"event":"revoked","session":"q83vEjRWeJCrze8S","subject":"a","client":"b","cause":"x"}"#,
        "cause"
      ),
      (#"{"sequence":1,"time":1,"event":"revoked_all"}"#, "all"),
      (#"{"sequence":1,"time":1,"event":"revoked_all","all":false}"#, "all"),
      (#"{"sequence":1,"time":1,"event":"revoked_all","all":true,"subject":"a"}"#, "all"),
      (#"{"sequence":1,"time":1,"event":"expired","sessions":-1,"one_time_tokens":0}"#, "sessions"),
      (#"{"sequence":1,"time":99999999999999999999,"event":"missed","from":1}"#, "time"),
    ])
  func noEvents(json: String, place: String) throws {
    let failure = #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(AuditEvent.self, from: Data(json.utf8))
    }
    switch failure {
    case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
      #expect(context.codingPath.map(\.stringValue) == [place])
    case .keyNotFound(let key, _): #expect(key.stringValue == place)
    default: Issue.record("\(String(describing: failure))")
    }
  }
}
