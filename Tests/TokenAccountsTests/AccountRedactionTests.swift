import LedgerTesting
import Testing

@testable import TokenAccounts

@Suite("A password hash or the digest of a secret")
struct AccountRedactionTests {
  private static func expect(_ secrets: [String], areHiddenBy value: some Sendable) {
    for text in Renderings.of(value) {
      for secret in secrets { #expect(!text.contains(secret), "\(type(of: value))") }
    }
  }

  @Test("does not show when it is printed, dumped or interpolated, nor inside lists, optionals and an account's entry")
  func accounts() throws {
    let hash = try PasswordHash.make(password: "correct horse", cost: AccountsFolder.cheap)
    let secrets = [hash.text, String(hash.text.split(separator: "$").last ?? "")]
    Self.expect(secrets, areHiddenBy: hash)
    Self.expect(secrets, areHiddenBy: try UserEntry(name: "ann", hash: hash, scopes: []))
    let digest = try SecretDigest(secret: Array("0123456789abcdef".utf8))
    Self.expect([String(digest.text.dropFirst(7))], areHiddenBy: digest)
    #expect("\(digest)" == "SecretDigest(redacted)")
  }
}
