import LedgerTesting
import Testing

@testable import TokenHTTP

@Suite("A form in parts")
struct MultipartFormTests {
  private static let boundary = "XX"

  private static func part(_ name: String, _ value: String, _ more: String = "") -> String {
    "--XX\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\(more)\r\n\(value)\r\n"
  }

  private func parse(_ text: String) throws(FormError) -> FormParameters {
    try FormParameters(multipart: Array(text.utf8)[...], boundary: Array(Self.boundary.utf8))
  }

  @Test("is read as it is: nothing is unescaped, lines and what looks like a boundary stay")
  func reads() throws {
    let form = try parse(
      Self.part("username", "José + 50%") + Self.part("password", "a\r\nb--XX\r\n -XX", "Content-Type: text/plain\r\n")
        + Self.part("scope", "", "content-type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: binary\r\n")
        + "--XX \r\nCONTENT-DISPOSITION: Form-Data ;name=grant_type\r\nContent-Length: 8\r\n\r\npassword\r\n--XX--\r\n")
    #expect(form[.username] == "José + 50%")
    #expect(form[.password] == "a\r\nb--XX\r\n -XX")
    #expect(form[.scope] == nil && form[.grantType] == "password")
    #expect(try parse("--XX--").names.isEmpty)
  }

  static let end = "--XX--\r\n"

  /// A part with these headers.
  private static func whole(_ headers: String...) -> String {
    "--XX\r\n" + headers.map { $0 + "\r\n" }.joined() + "\r\nb\r\n" + end
  }

  private static let name = #"Content-Disposition: form-data; name="a""#

  static let malformedTexts: [String] = [
    "", "\r\n" + end, "preamble\r\n" + end, part("a", "b"), part("a", "b") + "--XX-", end + "more",
    whole(), whole("Content-Disposition: form-data"), whole(name).replacing("\r\n", with: "\n"),
    whole(name).replacing("b\r\n", with: "b"), whole(#"Content-Disposition: attachment; name="a""#),
    whole(name + #"; filename="b""#), whole(name + #"; name="c""#),
    whole("Content-Disposition: form-data; name*=utf-8''a"),
    whole(#"Content-Disposition: form-data; name="a"#), whole(name, name),
    whole(name, "Content-Transfer-Encoding: base64"), whole(name, "Content-Type: text/plain; charset=utf-16"),
    whole(name, "no header"), whole(name, "a b: c"), whole(name, " folded"),
    whole(name, "1: 1", "2: 1", "3: 1", "4: 1", "5: 1", "6: 1", "7: 1", "8: 1"), part("a", "\0") + end,
    whole(name).replacing("--XX", with: "--XXY"),
  ]

  @Test("that is malformed, or holds a file, is refused", arguments: malformedTexts)
  func malformed(text: String) {
    #expect(throws: FormError.malformed) { try parse(text) }
  }

  @Test("that holds bytes which are not UTF-8 is refused")
  func notUTF8() {
    var bytes = Array(Self.part("a", "b").utf8) + Array(Self.end.utf8)
    bytes[bytes.count - Self.end.utf8.count - 3] = 0xE9
    #expect(throws: FormError.malformed) {
      try FormParameters(multipart: bytes[...], boundary: Array(Self.boundary.utf8))
    }
  }

  @Test("has each field once, and 64 in all")
  func bounds() throws {
    #expect(throws: FormError.duplicate) { try parse(Self.part("a", "1") + Self.part("a", "2") + Self.end) }
    let parts = (0..<65).map { Self.part("p\($0)", "1") }
    _ = try parse(parts.dropLast().joined() + Self.end)
    #expect(throws: FormError.tooManyParameters) { try parse(parts.joined() + Self.end) }
  }

  @Test("names its boundary in its type, plain or quoted")
  func boundary() {
    for (type, boundary) in [
      ("multipart/form-data; boundary=XX", "XX"), ("multipart/form-data;boundary=\"X X\"; charset=utf-8", "X X"),
      ("multipart/form-data ; Boundary=X", "X"), ("multipart/form-data; boundary=", nil), ("multipart/form-data", nil),
      ("multipart/form-data; boundary=\"XX", nil), ("multipart/form-data; boundary=XX; boundary=YY", nil),
      ("multipart/form-data; boundary=\"X \"", nil), ("multipart/form-data; boundary=X\u{E9}", nil),
      ("multipart/form-data; boundary=" + String(repeating: "X", count: 71), nil),
    ] {
      let type = FormMediaType(type)
      #expect(type.isNamed("multipart/form-data"))
      #expect(type.boundary == boundary.map { Array($0.utf8) }, "\(type)")
    }
  }

  @Test("of any bytes is read or refused, and never traps")
  func anyBytes() {
    let pieces = [
      "--XX", "\r\n", "--", "Content-Disposition: form-data; name=", "\"a\"", ";", ":", "=", "\\", "é", "\0",
    ]
    for seed in 0..<2000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let count = Int.random(in: 0...24, using: &random)
      let text = (0..<count).compactMap { _ in pieces.randomElement(using: &random) }.joined()
      if let form = try? parse(text), form[.scope] != nil { Issue.record("seed \(seed)") }
    }
  }
}
