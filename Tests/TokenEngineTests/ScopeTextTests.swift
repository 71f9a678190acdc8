import Foundation
import Testing
import TokenEngine
import TokenTesting

@Suite("A set of scopes")
struct ScopeTextTests {
  @Test("is written as a list, and the empty one is a limit where nil is none")
  func literals() async throws {
    #expect(["read", "write", "read"] as Scopes == Scopes("write read"))
    #expect([] as Scopes == Scopes.empty && Scopes.empty.isEmpty)
    let limited = Client(id: "limited", isPublic: true, scopes: [])
    let unlimited = Client(id: "unlimited", isPublic: true)
    #expect(limited.scopes == Scopes.empty && unlimited.scopes == nil)
    let engine = try RotationEngine.inMemory(clock: ManualClock())
    let ann = Subject(id: "ann", scopes: ["read"])
    #expect(try await engine.openSession(for: ann, client: limited).pair().scopes == [])
    #expect(try await engine.openSession(for: ann, client: unlimited).pair().scopes == ["read"])
  }

  @Test("prints as the parameter of a request, and is a string in JSON")
  func text() throws {
    let scopes: Scopes = ["orders.read", "orders.write"]
    #expect("\(scopes)" == "orders.read orders.write" && Scopes("\(scopes)") == scopes)
    let json = try JSONEncoder().encode(["scope": scopes, "none": []])
    #expect(try JSONDecoder().decode([String: Scopes].self, from: json) == ["scope": scopes, "none": []])
    #expect(String(decoding: try JSONEncoder().encode([scopes]), as: UTF8.self) == #"["orders.read orders.write"]"#)
  }

  @Test(
    "is refused in JSON where it is none, with its place",
    arguments: [
      #"{"scope":" a"}"#, #"{"scope":"a  b"}"#, #"{"scope":"a\"b"}"#, #"{"scope":["a"]}"#, #"{"scope":null}"#,
    ])
  func noScopes(json: String) {
    let failure = #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([String: Scopes].self, from: Data(json.utf8))
    }
    switch failure {
    case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
      #expect(context.codingPath.map(\.stringValue) == ["scope"])
    default: Issue.record("\(String(describing: failure))")
    }
  }
}
