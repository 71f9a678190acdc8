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
    /// Where the text holds this member, from its name's quote to its value's end.
    let source: Range<Int>
  }

  let members: [Member]

  subscript(name: String) -> JSONValue? {
    for member in members where member.name == name { return member.value }
    return nil
  }

  func has(_ name: String) -> Bool { self[name] != nil }
}
