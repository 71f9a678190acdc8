import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LedgerTesting
import NIOCore
import Testing

@testable import TokenHTTP

@Suite("A form")
struct FormTests {
  private func parse(_ text: String) throws(FormError) -> FormParameters { try FormParameters(Array(text.utf8)[...]) }

  @Test("is decoded: plus is a space, percent starts two hexadecimal digits of either case")
  func decodes() throws {
    let form = try parse("scope=a+b%20c&password=%C3%a9%2B%26%3D&username=x=y")
    #expect(form[.scope] == "a b c")
    #expect(form[.password] == "é+&=")
    #expect(form[.username] == "x=y")
  }

  @Test("takes an empty value for an absent one", arguments: ["scope=", "scope", "scope=&", "other=1", ""])
  func emptyIsAbsent(text: String) throws {
    #expect(try parse(text)[.scope] == nil)
  }

  @Test(
    "with a parameter twice is refused, also an unknown, an empty or an escaped one",
    arguments: ["scope=a&scope=b", "scope=a&scope", "x=1&x=1", "scope=a&%73cope=b", "=1&=2"])
  func duplicates(text: String) {
    #expect(throws: FormError.duplicate) { try parse(text) }
  }

  @Test(
    "that is malformed is refused",
    arguments: [
      "a=%", "a=%4", "a=%zz", "a=%0g", "%=1", "a=%00", "%00=a", "a=\u{0}", "a=b\n", "a=%ff", "%C3=a", "a=%ED%A0%80",
      "a=%C0%AF", "a=\u{7F}",
    ])
  func malformed(text: String) {
    #expect(throws: FormError.malformed) { try parse(text) }
  }

  @Test("that holds bytes which are not UTF-8 is refused")
  func notUTF8() {
    #expect(throws: FormError.malformed) { try FormParameters([0x61, 0x3D, 0xE9]) }
  }

  @Test("may repeat what the endpoint lets it, and nothing else")
  func repeats() throws {
    let form = try FormParameters(Array("resource=a&resource=&scope=x&resource=a".utf8)[...]) { $0 == "resource" }
    #expect(form.all(named: "resource") == ["a", "", "a"] && form[.scope] == "x")
    #expect(throws: FormError.duplicate) {
      try FormParameters(Array("resource=a&scope=x&scope=y".utf8)[...]) { $0 == "resource" }
    }
  }

  @Test("has at most 64 parameters")
  func count() throws {
    let names = (0..<65).map { "p\($0)=1" }
    _ = try parse(names.dropLast().joined(separator: "&"))
    #expect(throws: FormError.tooManyParameters) { try parse(names.joined(separator: "&")) }
  }

  @Test("of any bytes is read or refused, and never traps")
  func anyBytes() {
    for seed in 0..<500 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let letters = Array("a=&%+0F\u{0}é".utf8)
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in letters.randomElement(using: &random) ?? 0 }
      if let form = try? FormParameters(bytes[...]), form[.scope] != nil { Issue.record("seed \(seed)") }
    }
  }
}

@Suite("The body of POST /token")
struct TokenBodyTests {
  private static let logIn = "grant_type=password&username=ann&password=correct+horse&client_id=app"

  private func post(_ body: String, type: String? = "application/x-www-form-urlencoded") async throws -> Reply {
    try await ServerFixture().run { try await $0.post(body, type: type) }
  }

  @Test(
    "is a form, whatever parameters its type has",
    arguments: ["application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-Urlencoded ;charset=utf-8"])
  func mediaType(type: String) async throws {
    #expect(try await post(Self.logIn, type: type).status == 200)
  }

  @Test(
    "of any other type is answered 415",
    arguments: [
      nil, "application/json", "multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded2",
      "",
    ])
  func otherType(type: String?) async throws {
    let reply = try await post(Self.logIn, type: type)
    #expect(reply.status == 415)
    #expect(reply["error"] == "invalid_request")
    #expect(reply.headers[.cacheControl] == "no-store")
  }

  @Test("may name several resources (RFC 8707), and no other parameter twice")
  func resources() async throws {
    let two = "&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example"
    #expect(try await post(Self.logIn + two).status == 200)
    #expect(try await post(Self.logIn + "&audience=a&audience=b").status == 400)
  }

  @Test("that is compressed is answered 415")
  func compressed() async throws {
    let reply = try await ServerFixture().run {
      try await $0.send(
        .post, "/token",
        headers: [.contentType: "application/x-www-form-urlencoded", .contentEncoding: "gzip"],
        body: ByteBuffer(string: Self.logIn))
    }
    #expect(reply.status == 415)
  }

  @Test("of 16 KiB is read, and of a byte more answered 413")
  func size() async throws {
    let padding = (16 << 10) - Self.logIn.utf8.count - 3
    #expect(try await post(Self.logIn + "&x=" + String(repeating: "a", count: padding)).status == 200)
    let reply = try await post(Self.logIn + "&x=" + String(repeating: "a", count: padding + 1))
    #expect(reply.status == 413)
    #expect(reply["error"] == "invalid_request")
    #expect(reply.headers[.cacheControl] == "no-store")
  }

  @Test(
    "with a duplicate, a fault or too many parameters is answered 400 invalid_request",
    arguments: [
      logIn + "&username=bob", logIn + "&scope=%zz", logIn + "&x=%00",
      (0..<70).map { "p\($0)=1" }.joined(separator: "&"),
    ])
  func faults(body: String) async throws {
    let reply = try await post(body)
    #expect(reply.status == 400)
    #expect(reply["error"] == "invalid_request")
    #expect(reply.headers[.cacheControl] == "no-store")
  }

  @Test(
    "without a parameter that the grant needs is answered 400 invalid_request, and names it",
    arguments: [
      ("", "grant_type"), ("grant_type=", "grant_type"),
      ("client_id=app&grant_type=password&password=x", "username"),
      ("client_id=app&grant_type=password&username=ann", "password"),
      ("client_id=app&grant_type=password&username=ann&password=", "password"),
      ("client_id=app&grant_type=refresh_token", "refresh_token"),
    ])
  func missing(body: String, parameter: String) async throws {
    let reply = try await post(body)
    #expect(reply.status == 400)
    #expect(reply["error"] == "invalid_request")
    #expect(reply["error_description"] == "The parameter \(parameter) is missing")
  }

  @Test(
    "with a grant type that is not there is answered 400 unsupported_grant_type, and not repeated",
    arguments: ["authorization_code", "PASSWORD", "canary-grant"])
  func unsupported(grant: String) async throws {
    let reply = try await post("client_id=app&grant_type=\(grant)")
    #expect(reply.status == 400)
    #expect(reply["error"] == "unsupported_grant_type")
    #expect(!reply.text.contains(grant))
  }

  @Test("alone counts: credentials in the query are not read")
  func query() async throws {
    let reply = try await ServerFixture().run {
      try await $0.post("grant_type=password", path: "/token?client_id=app&username=ann&password=correct+horse")
    }
    #expect(reply.status == 401)
    #expect(reply["error"] == "invalid_client")
  }

  @Test("with a token of 1 MiB is refused", arguments: [4097, 12_000, 1 << 20])
  func hugeToken(count: Int) async throws {
    let token = String(repeating: "a", count: count)
    let reply = try await ServerFixture().run { try await $0.refresh(token) }
    #expect(reply.status == (count > 16 << 10 ? 413 : 400))
    #expect(!reply.text.contains("aaaa"))
  }
}
