import FoundationEssentials
import TokenEngine
import TokenLedger

/// A line of a file that `import` reads.
struct ImportedSession: Decodable {
  /// Why a line is not taken: what, and the fix.
  struct Refusal: Error, CustomStringConvertible {
    let description: String
  }

  var subject: String
  var client: String?
  /// Nil for all that subject and client may have.
  var scope: String?
  var label: String?
  var openedAt, idleEnd, expiresAt: Timestamp?

  /// What `export` writes beside these, and import passes over.
  private static let passedOver = ["sid", "generation", "rotation", "last_used_at"]
  private static let taken = ["subject", "client_id", "scope", "label", "opened_at", "idle_end", "expires_at"]

  private struct Name: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { return nil }
  }

  /// Refuses what is no JSON object in UTF-8, a member twice, an unknown one, and a bad value.
  static func read(_ line: [UInt8]) throws(Refusal) -> ImportedSession {
    guard StrictJSON.isObject(line) else {
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
  }
}
