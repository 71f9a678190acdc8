import Synchronization
import Testing
import TokenLedger

@testable import TokenAccounts

@Suite("Names in account files")
struct AccountNameTests {
  private static let kept = "jos\u{E9}"
  private static let other = "jose\u{301}"
  private static let spellings = [
    (kept, other), ("\u{D55C}", "\u{1112}\u{1161}\u{11AB}"), ("\u{C5}sa", "\u{212B}sa"),
  ]
  private let folder: AccountsFolder

  init() throws { folder = try AccountsFolder() }

  private func write(_ names: String...) throws {
    let hash = try PasswordHash.make(password: "correct horse", cost: AccountsFolder.cheap).text
    let users = names.map { "{\"name\": \"\($0)\", \"passwordHash\": \"\(hash)\"}" }.joined(separator: ", ")
    try folder.replace(folder.usersPath, with: "{\"version\": 1, \"users\": [\(users)]}")
  }

  private func isBytes(_ name: String?, _ expected: String) -> Bool {
    name.map { Array($0.utf8) == Array(expected.utf8) } ?? false
  }

  @Test(
    "A user of an older file whose name is in another form is found by either, as the name in NFC", arguments: spellings
  )
  func oldFile(kept: String, other: String) async throws {
    try write("ann", other)
    let users = try folder.users()
    #expect(isBytes(try users.list().last?.id, kept))
    for name in [kept, other] {
      #expect(isBytes(try await users.authenticate(name: name, password: "correct horse")?.id, kept))
      #expect(isBytes(await users.subject(id: name)?.id, kept))
    }
    #expect(try users.otherSpellings().map { Array($0.utf8) } == [Array(other.utf8)])
  }

  @Test("Any change writes an older file anew with every name in NFC, and ends nobody's sessions")
  func rewritten() throws {
    try write(Self.other, "ann")
    let users = try folder.users()
    try users.setEnabled(name: "ann", true)
    #expect(try users.otherSpellings().isEmpty)
    #expect(isBytes(try users.list().first?.id, Self.kept))
    #expect(
      !folder.events.withLock { events in
        events.contains { if case .ended = $0 { true } else { false } }
      })
  }

  @Test("Two entries that are one name in two spellings are refused with both places")
  func duplicates() throws {
    try write("ann", Self.kept, "bob", Self.other)
    let failure = accountFailure { () throws(AccountError) in _ = try folder.users() }
    let what = "user 4, \"\(Self.kept)\" is there twice, in two spellings (Unicode forms), first as user 2"
    #expect(failure == .malformed(path: folder.usersPath, what: what, fix: "remove one of them"))
  }

  @Test("A client's id in another form is the id in NFC")
  func clients() async throws {
    let clients = try folder.clients()
    try clients.add(Client(id: "\u{212A}iosk", isPublic: true))
    #expect(isBytes(try clients.list().first?.id, "Kiosk"))
    #expect(isBytes(await clients.client(id: "\u{212A}iosk")?.id, "Kiosk"))
    try clients.remove(id: "Kiosk")
    #expect(try clients.list().isEmpty)
  }

  @Test("A password that is set in either form is right in both", arguments: [(kept, other), (other, kept)])
  func passwords(set: String, typed: String) throws {
    let hash = try PasswordHash.make(password: set + " of the house", cost: AccountsFolder.cheap)
    #expect(try hash.verify(typed + " of the house") && hash.verify(set + " of the house"))
    #expect(try !hash.verify("jose of the house") && !hash.verify("jose\u{301}\u{301} of the house"))
  }

  @Test("A hash that an older release made of another form goes on to take that form")
  func oldPassword() throws {
    let password = "jose\u{301} of the house"
    let text = try Argon2Hash.make(password: Array(password.utf8), cost: AccountsFolder.cheap)
    #expect(try PasswordHash(text).verify(password))
  }
}
