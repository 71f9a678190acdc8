import Foundation
import Testing

@testable import TokenAccounts

/// A JSON reader takes the first or the last of two members with one name: which one a person meant, nobody knows.
@Suite("An account file with a member twice")
struct DoubledMemberTests {
  private let folder: AccountsFolder
  private static let hash = "$2b$04$abcdefghijklmnopqrstuuZ5q1v0cRjVbCw0zc0q3m2w0m2m2m2m2"

  init() throws {
    folder = try AccountsFolder()
  }

  private func refusal(_ text: String, clients: Bool = false) throws -> String {
    let path = clients ? folder.clientsPath : folder.usersPath
    try folder.replace(path, with: text)
    let failure = accountFailure { () throws(AccountError) in
      if clients { _ = try folder.clients() } else { _ = try folder.users() }
    }
    guard case .malformed(path, let what, _) = failure else { return "\(String(describing: failure))" }
    return what
  }

  @Test("is refused with its line and the member, in the document and in an entry, of users and of clients")
  func twice() throws {
    #expect(
      try refusal("{\"version\": 1,\n \"users\": [],\n \"users\": []}") == "line 3 names the member \"users\" twice")
    let user = "{\"name\": \"ada\",\n\"enabled\": false,\n\"enabled\": true, \"passwordHash\": \"\(Self.hash)\"}"
    #expect(try refusal("{\"version\": 1, \"users\": [\(user)]}") == "line 3 names the member \"enabled\" twice")
    let spelled = #"{"version": 1, "clients": [{"id": "a", "public": true, "\u0069d": "b"}]}"#
    #expect(try refusal(spelled, clients: true).hasPrefix("line 1 names the member"))
  }

  @Test("is told by the line also where what is wrong is something else")
  func otherFaults() throws {
    #expect(try refusal("{\"version\": 1,\n \"users\": [}") == "line 2 is not JSON")
    #expect(try refusal("{\"version\": 1, \"users\": []}\n{}") == "line 2 goes on after its end")
  }

  @Test("is no file that begins with the mark of UTF-8 and has every member once")
  func mark() throws {
    try folder.replace(folder.usersPath, with: "\u{FEFF}{\"version\": 1, \"users\": []}")
    #expect(try folder.users().list().isEmpty)
  }
}
