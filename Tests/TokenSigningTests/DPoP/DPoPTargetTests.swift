import Testing

@testable import TokenSigning

/// The URI that a proof names, compared with that of the request.
@Suite struct DPoPTargetTests {
  private func reads(_ uri: String) -> Bool { (try? DPoPTarget(uri)) != nil }

  @Test(
    "Another spelling of the same URI is equal",
    arguments: [
      // The letter case of scheme and host.
      ("https://tokens.example/a/b", "HTTPS://tokens.example/a/b"),
      ("https://tokens.example/a/b", "https://TOKENS.Example/a/b"),
      ("https://[2001:db8::a]/a", "https://[2001:DB8::A]/a"),
      // A default port.
      ("https://tokens.example/a", "https://tokens.example:443/a"),
      ("http://tokens.example/a", "http://tokens.example:80/a"),
      ("https://[::1]/a", "https://[::1]:443/a"),
      // Unreserved characters, and the digits of escapes.
      ("https://tokens.example/a-b._~9Z", "https://tokens.example/%61%2Db%2E%5F%7E%39%5A"),
      ("https://tokens.example/a%2Fb%C3%A9", "https://tokens.example/a%2fb%c3%a9"),
      ("https://tokens.example/a-b", "https://tokens.example/a%2db"),
      // Query and fragment.
      ("https://tokens.example/a", "https://tokens.example/a?b=c&d"),
      ("https://tokens.example/a", "https://tokens.example/a?"),
      ("https://tokens.example/a", "https://tokens.example/a#b"),
      ("https://tokens.example/a", "https://tokens.example/a?b/../c#d?e"),
      ("https://tokens.example/", "https://tokens.example?b"),
      // RFC 3986 §6.2.3.
      ("https://tokens.example/", "https://tokens.example"),
    ])
  func equal(first: String, second: String) throws {
    #expect(try DPoPTarget(first) == DPoPTarget(second))
  }

  @Test(
    "Another URI is not equal",
    arguments: [
      // The scheme, the host, the port.
      ("https://tokens.example/a", "http://tokens.example/a"),
      ("https://tokens.example/a", "http://tokens.example:443/a"),
      ("https://tokens.example/a", "https://token.example/a"),
      ("https://tokens.example/a", "https://tokens.example./a"),
      ("https://tokens.example/a", "https://evil-tokens.example/a"),
      ("https://tokens.example/a", "https://tokens.example.evil/a"),
      ("https://tokens.example/a", "https://tokens.example:8443/a"),
      ("https://tokens.example/a", "https://tokens.example:80/a"),
      ("http://tokens.example:8080/a", "http://tokens.example/a"),
      ("https://[::1]/a", "https://[::2]/a"),
      // The path.
      ("https://tokens.example/a", "https://tokens.example/b"),
      ("https://tokens.example/a", "https://tokens.example/A"),
      ("https://tokens.example/a", "https://tokens.example/a/"),
      ("https://tokens.example/a/", "https://tokens.example/a"),
      ("https://tokens.example/a", "https://tokens.example//a"),
      ("https://tokens.example/a/b", "https://tokens.example/a//b"),
      ("https://tokens.example/a/b", "https://tokens.example/a%2Fb"),
      ("https://tokens.example/a", "https://tokens.example/a%3Fb"),
      ("https://tokens.example/a", "https://tokens.example/a%00"),
      ("https://tokens.example/a", "https://tokens.example/a;b"),
      ("https://tokens.example/a+b", "https://tokens.example/a%2Bb"),
      ("https://tokens.example/a+b", "https://tokens.example/a%20b"),
      ("https://tokens.example/a", "https://tokens.example/"),
      ("https://tokens.example/%2561", "https://tokens.example/a"),
    ])
  func different(first: String, second: String) throws {
    #expect(try DPoPTarget(first) != DPoPTarget(second))
  }

  @Test(
    "A URI that is empty, relative, without a host or of another scheme is refused",
    arguments: [
      "", "/", "/token", "token", "//tokens.example/token", "tokens.example/token", "tokens.example:443/token",
      "https:", "https:/", "https:/tokens.example/token", "https:tokens.example", "https://", "https:///token",
      "https://:443/token", "https://?a", "https://#a", "ftp://tokens.example/token", "ws://tokens.example/token",
      "httpss://tokens.example/", "://tokens.example/", "urn:token", "*",
    ])
  func notAbsolute(uri: String) {
    #expect(!reads(uri))
  }

  @Test(
    "A dot segment is refused, also under an escape: whoever resolves it gets another path",
    arguments: ["/.", "/..", "/./a", "/../a", "/a/.", "/a/..", "/a/./b", "/a/../b", "/a/%2e%2E/b", "/a/.%2e", "/%2E/a"])
  func dotSegments(path: String) {
    #expect(!reads("https://tokens.example\(path)"))
  }

  @Test(
    "Dots that are part of a name are no dot segments", arguments: ["/.a", "/a.", "/...", "/a..b", "/..a/b", "/a/..."])
  func dots(path: String) {
    #expect(reads("https://tokens.example\(path)"))
  }

  @Test(
    "User information is refused",
    arguments: ["https://ann@tokens.example/a", "https://ann:secret@tokens.example/a", "https://@tokens.example/a"])
  func userInformation(uri: String) {
    #expect(!reads(uri))
  }

  @Test(
    "A port that is empty, no number, zero, out of range or written with a zero in front is refused",
    arguments: ["", "a", "-1", "0", "65536", "99999", "0443", "443443", "4 4", "443:443", "+443"])
  func badPort(port: String) {
    #expect(!reads("https://tokens.example:\(port)/a"))
  }

  @Test("A port from 1 to 65535 is read", arguments: [1, 80, 443, 8443, 65535])
  func port(port: Int) {
    #expect(reads("https://tokens.example:\(port)/a"))
  }

  @Test(
    "A host of other characters, or brackets that hold no address, are refused",
    arguments: [
      "tok ens", "tokens%2Eexample", "a,b", "a*b", "[", "[]", "[::1", "::1", "[::1]a", "[g::1]", "a]", "a\\b",
    ])
  func badHost(host: String) {
    #expect(!reads("https://\(host)/a"))
  }

  @Test(
    "Control characters, spaces and bytes outside ASCII are refused anywhere",
    arguments: [
      "\u{0}", "\t", "\n", "\r", " ", "\u{7F}", "é", "\u{212A}", "\u{FF0F}",
    ])
  func otherBytes(text: String) {
    for uri in [
      "\(text)https://tokens.example/a", "https://tokens\(text).example/a", "https://tokens.example/a\(text)",
      "https://tokens.example/a?\(text)", "https://tokens.example/a#\(text)",
    ] {
      #expect(!reads(uri))
    }
  }

  @Test(
    "A path with characters that no URI has, or with an escape of less than two digits, is refused",
    arguments: ["/a\\b", "/a|b", "/a\"b", "/<a>", "/a^b", "/a`b", "/{a}", "/[a]", "/%", "/%4", "/%zz", "/a%2", "/%%41"])
  func badPath(path: String) {
    #expect(!reads("https://tokens.example\(path)"))
  }

  @Test("A refusal says that the URI is malformed")
  func reason() {
    #expect(throws: DPoPError.targetMalformed) { try DPoPTarget("/token") }
  }
}
