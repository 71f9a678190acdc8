import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

@testable import TokenHTTP

@Suite("The description at /openapi.json")
struct APIDescriptionTests {
  private func description() async throws -> Reply {
    try await ServerFixture().run { try await $0.get("/openapi.json") }
  }

  @Test("names just the routes that there are, each with its methods")
  func routes() async throws {
    let paths = try #require(try await description().members["paths"] as? [String: [String: Any]])
    let methods: Set = ["get", "head", "post", "put", "delete", "patch", "options", "trace"]
    let described = Set(
      paths.flatMap { path, item in item.keys.filter(methods.contains).map { "\($0.uppercased()) \(path)" } })
    let served =
      Route.allCases.flatMap { route in route.methods.map { "\($0.rawValue) \(route.path)" } }
      + CookieRoutes.Place.allCases.map { "POST \($0.rawValue)" }
    #expect(Set(served).count == served.count, "a route stands in the table once")
    // GET stands for HEAD, which answers the same without a body.
    #expect(described == Set(served.filter { !$0.hasPrefix("HEAD ") }))
  }

  @Test("names just the error codes that there are")
  func codes() async throws {
    let reply = try await description()
    let document = try JSONSerialization.jsonObject(with: Data(reply.text.utf8))
    var codes: Set<String> = []
    func collect(_ value: Any) {
      if let object = value as? [String: Any] {
        if let error = (object["properties"] as? [String: Any])?["error"] as? [String: Any] {
          codes.formUnion(error["enum"] as? [String] ?? [])
          codes.formUnion([error["const"] as? String].compactMap(\.self))
        }
        object.values.forEach(collect)
      } else if let array = value as? [Any] {
        array.forEach(collect)
      }
    }
    collect(document)
    #expect(codes == Set(OAuthError.Code.allCases.map(\.rawValue)))
  }

  @Test("is JSON of OpenAPI 3.1 that caches may keep")
  func form() async throws {
    let reply = try await description()
    #expect((reply["openapi"] ?? "").hasPrefix("3.1"))
    #expect(reply.headers[.contentType] == "application/json")
    #expect(reply.headers[.cacheControl] == "public, max-age=300")
  }

  @Test("refers to nothing that is not in it")
  func references() async throws {
    let reply = try await description()
    let document = try JSONSerialization.jsonObject(with: Data(reply.text.utf8))
    var references: [String] = []
    func collect(_ value: Any) {
      if let object = value as? [String: Any] {
        if let reference = object["$ref"] as? String { references.append(reference) }
        object.values.forEach(collect)
      } else if let array = value as? [Any] {
        array.forEach(collect)
      }
    }
    collect(document)
    #expect(references.count > 20)
    for reference in Set(references) {
      let names = reference.dropFirst(2).split(separator: "/").map { $0.replacing("~1", with: "/") }
      let found = names.reduce(document as Any?) { value, name in (value as? [String: Any])?[String(name)] }
      #expect(reference.hasPrefix("#/") && found != nil, "\(reference)")
    }
  }
}
