import HTTPTypes
import NIOHTTP1
import NIOHTTPTypesHTTP1
import Testing

@testable import TokenHTTP

@Suite("The head of a request of HTTP/1")
struct HeadTranslationTests {
  /// A request that is translated, and that is the one the library makes.
  private func translated(_ uri: String, _ headers: HTTPHeaders = ["Host": "a.example"]) throws -> HTTPRequest {
    let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: uri, headers: headers)
    let request = try HTTPRequest(translating: head)
    #expect(try request == HTTPRequest(head, secure: false, splitCookie: false))
    return request
  }

  @Test(
    "keeps its path, whatever stands in it",
    arguments: ["/token", "/", "/a?b=c:d", "//b.example/c", "/%74oken?", "/a:b"])
  func path(uri: String) throws {
    #expect(try translated(uri).path == uri)
  }

  @Test(
    "in absolute form has the path of the URL",
    arguments: [("http://a.example/token?x=1", "/token?x=1"), ("http://a.example", "/")])
  func absolute(uri: String, path: String) throws {
    #expect(try translated(uri).path == path)
  }

  @Test("names its method, its host apart from the fields, and each field as it came")
  func fields() throws {
    let request = try translated(
      "/token", ["content-TYPE": "a", "HOST": "a.example", "X-Twice": "1", "x-twice": "2"])
    #expect(request.method == .post)
    #expect(request.scheme == "http")
    #expect(request.authority == "a.example")
    #expect(
      request.headerFields.map { "\($0.name.rawName): \($0.value)" } == ["content-TYPE: a", "X-Twice: 1", "x-twice: 2"])
  }
}
