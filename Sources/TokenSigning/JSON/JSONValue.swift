/// A JSON value as the strict reader gives it.
enum JSONValue {
  case null
  case bool(Bool)
  /// Written without fraction or exponent, and within Int64.
  case integer(Int64)
  /// Any other number, as near as a `Double` comes. Nothing of our own is written so; others write such times.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

/// The members in their order; no two have the same name.
struct JSONObject {
  struct Member {
    let name: String
    let value: JSONValue
    /// The place of this member in the text, from its name's quote to its value's end.
    let source: Range<Int>
  }

  let members: [Member]

  subscript(name: String) -> JSONValue? {
    for member in members where member.name == name { return member.value }
    return nil
  }

  func has(_ name: String) -> Bool { self[name] != nil }
}

/// Why a text is not the strict JSON that is wanted here, and at which byte.
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
