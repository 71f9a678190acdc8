/// A JSON value as the strict reader returns it.
enum JSONValue {
  case null
  case bool(Bool)
  /// A number without fraction or exponent, within the range of Int64.
  case integer(Int64)
  /// Any other number, as the nearest `Double`.
  ///
  /// Our own tokens never have one; other issuers write times this way.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

/// A JSON object with its members in order; no two have the same name.
struct JSONObject {
  struct Member {
    let name: String
    let value: JSONValue
    /// The range of this member in the text, from the quote of its name to the end of its value.
    let source: Range<Int>
  }

  let members: [Member]

  subscript(name: String) -> JSONValue? {
    for member in members where member.name == name { return member.value }
    return nil
  }

  func has(_ name: String) -> Bool { self[name] != nil }
}

/// The reason that a text is not accepted as strict JSON, with the offset of the byte.
struct JSONError: Error, Equatable, CustomStringConvertible {
  enum Reason: String {
    case notUTF8 = "is not UTF-8"
    case notObject = "is not a JSON object"
    case unexpected = "is not JSON"
    case badEscape = "has a bad escape in a string"
    case loneSurrogate = "has half of a surrogate pair in a string"
    case controlCharacter = "has a control character in a string"
    case duplicateName = "names a member twice"
    case tooDeep = "is nested more than 8 deep"
    case tooMany = "has too many members or elements"
    case trailing = "goes on after its end"
  }

  let reason: Reason
  let offset: Int

  var description: String { "\(reason.rawValue) (byte \(offset))" }
}
