import NIOHTTP1
import Testing

@testable import TokenHTTP

@Suite("A request of HTTP/1")
struct FramingRulesTests {
  private func verdict(
    _ headers: [(String, String)], method: HTTPMethod = .POST, version: HTTPVersion = .http1_1
  ) -> FramingRules.Verdict {
    FramingRules.verdict(
      on: HTTPRequestHead(version: version, method: method, uri: "/token", headers: HTTPHeaders(headers)))
  }

  private let next = FramingRules.Verdict.pass(isLast: false, awaitsContinue: false)
  private let last = FramingRules.Verdict.pass(isLast: true, awaitsContinue: false)

  @Test("with one host and one way to tell its length passes")
  func plain() {
    #expect(verdict([("Host", "a.example:8080")]) == next)
    #expect(verdict([("Host", "[::1]:80"), ("Content-Length", "5")]) == next)
    #expect(verdict([("Host", "a"), ("Transfer-Encoding", "Chunked")]) == next)
  }

  @Test(
    "whose transfer coding is not chunked alone is refused",
    arguments: [
      "", "identity", "gzip, chunked", "identity, chunked", ",chunked", "chunked, chunked", "chunked;q=1", "x",
    ])
  func codings(coding: String) {
    #expect(verdict([("Host", "a"), ("Transfer-Encoding", coding)]) == .refuse)
  }

  @Test("with two codings, with a coding and a length, or with a coding in HTTP/1.0 is refused")
  func doubtfulLength() {
    #expect(verdict([("Host", "a"), ("Transfer-Encoding", "identity"), ("Transfer-Encoding", "chunked")]) == .refuse)
    #expect(verdict([("Host", "a"), ("Transfer-Encoding", "chunked"), ("Content-Length", "5")]) == .refuse)
    #expect(verdict([("Host", "a"), ("Transfer-Encoding", "chunked")], version: .http1_0) == .refuse)
  }

  @Test(
    "without a host, with two, or with what is none is refused",
    arguments: ["a, b", "a b", "a/b", "u@a", "a?b", "\u{e4}"])
  func hosts(host: String) {
    #expect(verdict([("Host", host)]) == .refuse)
    #expect(verdict([]) == .refuse)
    #expect(verdict([("Host", "a"), ("Host", "a")]) == .refuse)
    #expect(verdict([("Host", "a"), ("Host", "b")], version: .http1_0) == .refuse)
  }

  @Test(
    "is the last of its connection where it says so, leaves HTTP, or is of HTTP/1.0 and does not say that it is not")
  func lastOnes() {
    #expect(verdict([("Host", "a"), ("Connection", "close")]) == last)
    #expect(
      verdict([("Host", "a"), ("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c")], method: .GET) == last)
    #expect(verdict([("Host", "a")], method: .CONNECT) == last)
    #expect(verdict([], version: .http1_0) == last)
    #expect(verdict([("Connection", "keep-alive")], version: .http1_0) == next)
  }

  @Test(
    "of another version is refused",
    arguments: [HTTPVersion(major: 1, minor: 2), .http2, HTTPVersion(major: 0, minor: 9)])
  func versions(version: HTTPVersion) {
    #expect(verdict([("Host", "a")], version: version) == .refuse)
  }

  @Test("may ask to be told to go on, and for nothing else")
  func expectations() {
    #expect(verdict([("Host", "a"), ("Expect", "100-Continue")]) == .pass(isLast: false, awaitsContinue: true))
    #expect(verdict([("Host", "a"), ("Expect", "something")]) == .refuse)
    #expect(verdict([("Expect", "100-continue")], version: .http1_0) == last)
  }
}
