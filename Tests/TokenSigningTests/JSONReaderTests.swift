import Testing

@testable import TokenSigning

@Suite struct JSONReaderTests {
  private func read(_ text: String) throws(JSONError) -> JSONObject { try JSONReader.object(Array(text.utf8)) }

  private func fault(_ bytes: [UInt8]) -> JSONError.Reason? {
    do {
      _ = try JSONReader.object(bytes)
      return nil
    } catch {
      return error.reason
    }
  }

  private func fault(_ text: String) -> JSONError.Reason? { fault(Array(text.utf8)) }

  @Test("Every kind of value is read")
  func values() throws {
    let object = try read(" {\"a\" : null, \"b\":true,\"c\":-12,\"d\":1.5e3,\"e\":[ ],\"f\":{\"g\":[1,\"x\"]} }\n")
    #expect(object.members.map(\.name) == ["a", "b", "c", "d", "e", "f"])
    guard case .null = object["a"], case .bool(true) = object["b"], case .integer(-12) = object["c"],
      case .number = object["d"], case .array(let none) = object["e"], case .object(let inner) = object["f"],
      case .array(let two) = inner["g"]
    else {
      Issue.record("a value was read as something else")
      return
    }
    #expect(none.isEmpty)
    #expect(two.count == 2)
  }

  @Test(
    "Escapes become the characters that they stand for",
    arguments: [
      (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t"), (#"\u0041\u00e9\u20AC"#, "Aé€"), (#"\ud83d\ude00"#, "😀"),
      (#"x\u0000y"#, "x\0y"), ("€😀é", "€😀é"),
    ])
  func escapes(escaped: String, plain: String) throws {
    guard case .string(let text) = try read("{\"s\":\"\(escaped)\"}")["s"] else {
      Issue.record("not a string")
      return
    }
    #expect(Array(text.utf8) == Array(plain.utf8))
  }

  @Test(
    "Only what Int64 holds is an integer; all else that is a number is skipped without a trap",
    arguments: [
      ("0", 0), ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min), ("9223372036854775808", nil),
      ("-9223372036854775809", nil), ("1e400", nil), ("-1E-400", nil), ("1.0", nil), ("-0", nil), ("0e0", nil),
      ("99999999999999999999999999999999999999999", nil),
    ] as [(String, Int64?)])
  func numbers(text: String, expected: Int64?) throws {
    switch try read("{\"n\":\(text)}")["n"] {
    case .integer(let value): #expect(value == expected)
    case .number: #expect(expected == nil)
    default: Issue.record("not a number")
    }
  }

  @Test(
    "What is not JSON is refused",
    arguments: [
      "{\"n\":01}", "{\"n\":1.}", "{\"n\":.5}", "{\"n\":+1}", "{\"n\":1e}", "{\"n\":1e+}", "{\"n\":-}", "{\"n\":NaN}",
      "{\"n\":0x10}", "{\"n\":tru}", "{\"n\"}", "{\"n\":}", "{n:1}", "{'n':1}", "{\"n\":1,}", "{,}", "{\"n\":[1,]}",
      "{\"n\":1", "{\"n\":\"x", "{", "{\"n\":/**/1}", "{\"n\" 1}", "{\"n\":[1 2]}", "{\"n\":1\u{A0}}",
    ])
  func grammar(text: String) {
    #expect(fault(text) == .unexpected)
  }

  @Test(
    "What is not one object alone is refused",
    arguments: [
      ("", JSONError.Reason.notObject), ("[]", .notObject), ("\"x\"", .notObject), ("\u{FEFF}{}", .notObject),
      ("{}x", .trailing), ("{}{}", .trailing), ("{}\0", .trailing),
    ])
  func wholeText(text: String, reason: JSONError.Reason) {
    #expect(fault(text) == reason)
  }

  @Test(
    "A name that stands twice is refused, also when one is written with escapes, and at any depth",
    arguments: [
      #"{"exp":1,"exp":1}"#, #"{"exp":1,"\u0065xp":2}"#, #"{"a":[{"b":1,"b":1}]}"#, #"{"":1,"":2}"#,
    ])
  func duplicates(text: String) {
    #expect(fault(text) == .duplicateName)
  }

  @Test(
    "Half a surrogate pair, a bad escape and a bare control character are refused",
    arguments: [
      (#"\ud800"#, JSONError.Reason.loneSurrogate), (#"\udc00"#, .loneSurrogate), (#"\ud800x"#, .loneSurrogate),
      (#"\ud800\n"#, .loneSurrogate), (#"\ud800\ud800"#, .loneSurrogate), (#"\x41"#, .badEscape),
      (#"\u12g4"#, .badEscape), (#"\u12"#, .badEscape), ("a\nb", .controlCharacter),
      (#"\n"# + "\u{1F}", .controlCharacter),
    ])
  func badStrings(string: String, reason: JSONError.Reason) {
    #expect(fault("{\"s\":\"\(string)\"}") == reason)
  }

  @Test(
    "Bytes that are not UTF-8 are refused wherever they stand",
    arguments: [
      [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0x80],
    ] as [[UInt8]])
  func encoding(bad: [UInt8]) {
    #expect(fault(Array("{\"s\":\"".utf8) + bad + Array("\"}".utf8)) == .notUTF8)
    #expect(fault(Array("{}".utf8) + bad) == .notUTF8)
  }

  @Test("Depth 8 is read and depth 9 refused; so are 64 and 65 members, 1024 and 1025 elements")
  func limits() {
    func nested(_ depth: Int) -> String {
      "{\"a\":" + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
    }
    #expect(fault(nested(8)) == nil)
    #expect(fault(nested(9)) == .tooDeep)
    #expect(fault(String(repeating: "{\"a\":", count: 100_000)) == .tooDeep)
    func members(_ count: Int) -> String { "{\((0..<count).map { "\"\($0)\":0" }.joined(separator: ","))}" }
    #expect(fault(members(64)) == nil)
    #expect(fault(members(65)) == .tooMany)
    func elements(_ count: Int) -> String { "{\"a\":[\(Array(repeating: "0", count: count).joined(separator: ","))]}" }
    #expect(fault(elements(1024)) == nil)
    #expect(fault(elements(1025)) == .tooMany)
  }
}
