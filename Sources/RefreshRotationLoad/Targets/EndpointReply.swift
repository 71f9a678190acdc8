internal import FoundationEssentials

/// What the body of a token endpoint's reply says (RFC 6749 §5).
struct EndpointReply {
  /// The refresh token; nil where there is none.
  private(set) var token: String?
  /// Seconds.
  private(set) var lifetime: Int64?
  /// The code of an error; nil where the body has none of that kind.
  private(set) var error: String?

  /// Nil unless the body is a JSON object.
  init?(_ body: Data, of endpoint: Endpoint) {
    guard let members = try? JSONDecoder().decode([String: Member].self, from: body) else { return nil }
    token = members[endpoint.tokenField]?.text
    lifetime = members[endpoint.expiryField]?.number
    error = members["error"]?.text
  }

  /// A member of any kind, of which only texts and whole numbers are kept.
  private struct Member: Decodable {
    var text: String?
    var number: Int64?

    init(from decoder: any Decoder) throws {
      guard let container = try? decoder.singleValueContainer() else { return }
      if let text = try? container.decode(String.self) {
        self.text = text
        number = Int64(text)
      } else if let number = try? container.decode(Int64.self) {
        self.number = number
      } else if let number = try? container.decode(Double.self) {
        self.number = Int64(exactly: number.rounded(.down))
      }
    }
  }
}
