import FoundationEssentials
import RefreshRotationLoad
import TokenEngine
import TokenLedger
import TokenSigning

/// A line of a file that `import` reads.
struct ImportedSession: Decodable {
  /// The reason that a line is refused, with the fix.
  struct Refusal: Error, CustomStringConvertible {
    let description: String
  }

  var subject: String
  var client: String?
  /// The scopes, or nil for everything that the subject and the client may have.
  var scope: String?
  var label: String?
  var openedAt, idleEnd, expiresAt: Timestamp?
  /// The key that the session is bound to.
  var key: Digest256?
  var attributes: [UInt8] = []

  /// The members that `export` writes and `import` ignores.
  private static let passedOver = ["sid", "generation", "rotation", "last_used_at"]
  private static let taken = [
    "subject", "client_id", "scope", "label", "opened_at", "idle_end", "expires_at", "cnf", "attributes",
  ]

  private struct Name: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { return nil }
  }

  /// Parses a line.
  ///
  /// It must be a JSON object in UTF-8 without duplicate or unknown members or bad values.
  static func read(_ line: [UInt8]) throws(Refusal) -> ImportedSession {
    guard JSONCheck.isObject(line) else {
      throw Refusal(
        description:
          "is not a JSON object, or has a member twice; write one as {\"subject\":\"ann\",\"client_id\":\"web\"}")
    }
    do {
      return try JSONDecoder().decode(ImportedSession.self, from: Data(line))
    } catch let refusal as Refusal {
      throw refusal
    } catch {
      throw Refusal(description: "cannot be read; write one JSON object with texts as values")
    }
  }

  init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: Name.self)
    for name in members.allKeys.map(\.stringValue).sorted()
    where !Self.taken.contains(name) && !Self.passedOver.contains(name) {
      let shown = String(name.prefix(64)).shown
      let meant = Suggestion.nearest(to: name, among: Self.taken).map { "did you mean \($0)?" }
      throw Refusal(
        description:
          "unknown field \"\(shown)\"; \(meant ?? "remove it: the fields are \(Self.taken.joined(separator: ", "))")")
    }
    func text(_ name: String) throws -> String? {
      guard members.contains(Name(name)), try !members.decodeNil(forKey: Name(name)) else { return nil }
      guard let text = try? members.decode(String.self, forKey: Name(name)) else {
        throw Refusal(description: "\(name) is not a text; write it in quotation marks")
      }
      return text
    }
    func time(_ name: String) throws -> Timestamp? {
      guard members.contains(Name(name)), try !members.decodeNil(forKey: Name(name)) else { return nil }
      if let seconds = try? members.decode(Int64.self, forKey: Name(name)) {
        guard (0...253_402_300_799).contains(seconds) else {
          throw Refusal(
            description: "\(name) is not between 1970 and 9999; write whole seconds since 1970, not milliseconds")
        }
        return Timestamp(milliseconds: seconds * 1000)
      }
      guard let text = try? members.decode(String.self, forKey: Name(name)), let time = WrittenTime.parse(text)
      else {
        throw Refusal(
          description:
            "\(name) is not a time that exists; write it as 2026-01-31T12:00:00Z, or as whole seconds since 1970")
      }
      return time
    }
    guard let subject = try text("subject"), !subject.isEmpty else {
      throw Refusal(description: "subject is missing; write whose session it is")
    }
    self.subject = NameForm.typed(subject)
    client = try text("client_id").map(NameForm.typed)
    scope = try text("scope")
    label = try text("label")
    openedAt = try time("opened_at")
    idleEnd = try time("idle_end")
    expiresAt = try time("expires_at")
    key = try Self.key(in: members)
    attributes = try text("attributes").map(Self.attributes) ?? []
  }

  private static func key(in members: KeyedDecodingContainer<Name>) throws -> Digest256? {
    guard members.contains(Name("cnf")), try !members.decodeNil(forKey: Name("cnf")) else { return nil }
    let confirmation = try? members.decode(SessionConfirmation.self, forKey: Name("cnf"))
    guard let key = confirmation.flatMap({ KeyThumbprint(text: $0.thumbprint) }).flatMap({ Digest256($0.bytes) }) else {
      throw Refusal(
        description: "cnf does not name a key; write {\"jkt\":\"...\"} with the 43 characters of its thumbprint")
    }
    return key
  }

  private static func attributes(_ text: String) throws -> [UInt8] {
    guard let bytes = Data(base64Encoded: text), Limits.attributesBytes.range.contains(bytes.count) else {
      throw Refusal(
        description:
          "attributes is not base64, or of too many bytes; write \(Limits.attributesBytes.text) bytes of base64")
    }
    return Array(bytes)
  }
}

/// A parser of times in the form of RFC 3339: `2026-01-31T12:00:00Z`, with or without a fraction, in UTC or with an
/// offset.
enum WrittenTime {
  /// Parses a time, to the millisecond.
  ///
  /// Returns nil for another form, for a date or time that does not exist, and for a time before 1970.
  static func parse(_ text: String) -> Timestamp? {
    var rest = Array(text.utf8)[...]
    guard let year = number(&rest, 4), take(&rest, "-"), let month = number(&rest, 2), take(&rest, "-"),
      let day = number(&rest, 2), take(&rest, "Tt "), let hour = number(&rest, 2), take(&rest, ":"),
      let minute = number(&rest, 2), take(&rest, ":"), let second = number(&rest, 2),
      let milliseconds = fraction(&rest), let offset = offset(&rest), rest.isEmpty
    else { return nil }
    let seconds = CalendarTime.seconds(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second, offsetSeconds: offset)
    guard let seconds, (0...253_402_300_799).contains(seconds) else { return nil }
    // The fraction of a leap second is dropped, since it has no milliseconds of its own.
    return Timestamp(milliseconds: seconds * 1000 + (second == 60 ? 0 : milliseconds))
  }

  private static func number(_ rest: inout ArraySlice<UInt8>, _ digits: Int) -> Int? {
    let text = rest.prefix(digits)
    guard text.count == digits, text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    rest = rest.dropFirst(digits)
    return text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  private static func take(_ rest: inout ArraySlice<UInt8>, _ any: StaticString) -> Bool {
    guard let byte = rest.first, "\(any)".utf8.contains(byte) else { return false }
    rest = rest.dropFirst()
    return true
  }

  /// Returns the milliseconds of the fraction: 0 if there is none, nil if it has no digits.
  private static func fraction(_ rest: inout ArraySlice<UInt8>) -> Int64? {
    guard take(&rest, ".") else { return 0 }
    let digits = rest.prefix { (0x30...0x39).contains($0) }
    guard !digits.isEmpty else { return nil }
    rest = rest.dropFirst(digits.count)
    let first = Array(digits.prefix(3))
    return (0..<3).reduce(Int64(0)) { $0 * 10 + ($1 < first.count ? Int64(first[$1] - 0x30) : 0) }
  }

  /// Returns the seconds by which the written time is ahead of UTC.
  private static func offset(_ rest: inout ArraySlice<UInt8>) -> Int? {
    if take(&rest, "Zz") { return 0 }
    let isBehind = rest.first == UInt8(ascii: "-")
    guard take(&rest, "+-"), let hours = number(&rest, 2) else { return nil }
    // Some programs that wrote such times left the colon out.
    _ = take(&rest, ":")
    guard let minutes = number(&rest, 2), hours <= 23, minutes <= 59 else { return nil }
    return (hours * 3600 + minutes * 60) * (isBehind ? -1 : 1)
  }
}
