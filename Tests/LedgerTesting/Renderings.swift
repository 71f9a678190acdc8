/// All that Swift can make of a value without its members' names, alone and inside others: where a secret must not
/// show.
package enum Renderings {
  package static func of(_ value: some Sendable) -> [String] {
    let nested: [Any] = [
      value, [value], Optional(value) as Any, ["key": value], (1, value), Result<Any, any Error>.success(value),
    ]
    return nested.flatMap { value in
      var dumped = ""
      dump(value, to: &dumped)
      return ["\(value)", String(describing: value), String(reflecting: value), dumped]
    }
  }
}
