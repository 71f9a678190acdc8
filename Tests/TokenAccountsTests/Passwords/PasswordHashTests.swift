import Testing

@testable import TokenAccounts

@Suite("Password hashes")
struct PasswordHashTests {
  @Test("A new hash verifies its password and no other")
  func newHash() throws {
    let hash = try PasswordHash.make(password: "correct horse", cost: AccountsFolder.cheap)
    #expect(hash.text.hasPrefix("$argon2id$v=19$m=8,t=1,p=1$"))
    #expect(try hash.verify("correct horse"))
    #expect(try !hash.verify("correct horsf"))
    #expect(try !hash.verify("correct hors"))
    #expect(try !hash.verify(""))
  }

  @Test("Two hashes of one password differ")
  func salted() throws {
    let first = try PasswordHash.make(password: "correct horse", cost: AccountsFolder.cheap)
    let second = try PasswordHash.make(password: "correct horse", cost: AccountsFolder.cheap)
    #expect(first.text != second.text)
  }

  @Test("The standard cost is 19 MiB and two passes")
  func standardCost() throws {
    let hash = try PasswordHash.make(password: "correct horse")
    #expect(hash.text.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
    #expect(try hash.verify("correct horse"))
  }

  @Test(
    "Hashes made by other programs verify",
    arguments: [
      ("correct horse", "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"),
      ("correct horse", "$2y$05$ZYXWVUTSRQPONMLKJIHGFu/2ps9pa6Xatxth7RJpDQi4LCijGT8HS"),
      ("correct horse", "$2a$04$0123456789ABCDEFGHIJKuE7sHn6kqpHMb3ivEKCE5QwGkFBPhGyS"),
      ("pässwörd", "$2b$04$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoC"),
      (
        "correct horse",
        "$argon2id$v=19$m=64,t=2,p=1$c2l4dGVlbiBieXRlIHNsdA$Vmu8bysmWNmwnl/cFrbFrjnljLOBOaUTfK8xThUR4Z8"
      ),
      ("correct horse", "$argon2i$v=19$m=256,t=3,p=4$c29tZXNhbHQ$EX8nbGVeTqbJl6UIsHs9hgVmnvtPuUsI"),
      // Argon2 1.0, before the version was in the string's text and after.
      (
        "correct horse",
        "$argon2i$v=16$m=64,t=2,p=1$c2l4dGVlbiBieXRlIHNsdA$mxU/K7BSIzLEFCTML5uLmD4EjndENhzBU1255acAH+c"
      ),
      (
        "correct horse",
        "$argon2i$m=64,t=2,p=1$c2l4dGVlbiBieXRlIHNsdA$mxU/K7BSIzLEFCTML5uLmD4EjndENhzBU1255acAH+c"
      ),
      (
        "пароль", "$argon2id$v=19$m=8,t=1,p=1$c2l4dGVlbiBieXRlIHNsdA$HFu16Col6OR/dZj9p7RoNV4Pcf7GA9xj2ZVsL323EDE"
      ),
    ])
  func foreignHashes(password: String, text: String) throws {
    let hash = try PasswordHash(text)
    #expect(try hash.verify(password))
    #expect(try !hash.verify(password + "!"))
    #expect(try !hash.verify("wrong"))
  }

  @Test("A bcrypt hash whose salt has spare bits set verifies")
  func bcryptSpareBits() throws {
    // libcrypt writes this salt's last character as "u".
    let hash = try PasswordHash("$2b$04$abcdefghijklmnopqrstuvjydOTSfIH/d5oUHpsygqV5X9xJLQc6e")
    #expect(try hash.verify("correct horse"))
  }

  @Test("bcrypt looks at the first 72 bytes of a password")
  func bcryptLength() throws {
    let hash = try PasswordHash("$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i")
    #expect(try hash.verify(String(repeating: "x", count: 72)))
    #expect(try hash.verify(String(repeating: "x", count: 1024)))
    #expect(try !hash.verify(String(repeating: "x", count: 71)))
    #expect(try !hash.verify(String(repeating: "x", count: 1025)), "longer than a password may be")
  }

  @Test("A password with a NUL byte is not right for a bcrypt hash of what stands before it")
  func bcryptNUL() throws {
    let hash = try PasswordHash("$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e")
    #expect(try !hash.verify("correct horse\0battery"))
    #expect(try !hash.verify("correct horse\0"))
  }

  @Test("argon2 looks at the whole password, NUL bytes too")
  func argon2NUL() throws {
    let hash = try PasswordHash.make(password: "correct\0horse", cost: AccountsFolder.cheap)
    #expect(try hash.verify("correct\0horse"))
    #expect(try !hash.verify("correct\0house"))
  }

  @Test(
    "A stored hash that asks for absurd work is refused unread",
    arguments: [
      "$argon2id$v=19$m=4194304,t=1,p=1$", "$argon2id$v=19$m=262145,t=1,p=1$", "$argon2id$v=19$m=64,t=17,p=1$",
      "$argon2id$v=19$m=4096,t=1,p=17$", "$argon2id$v=19$m=262144,t=16,p=1$", "$argon2id$v=19$m=7,t=1,p=1$",
      "$argon2id$v=19$m=64,t=0,p=1$", "$argon2id$v=19$m=64,t=1,p=0$",
    ])
  func absurdCost(prefix: String) {
    let text = prefix + "c2l4dGVlbiBieXRlIHNsdA$Vmu8bysmWNmwnl/cFrbFrjnljLOBOaUTfK8xThUR4Z8"
    let failure = accountFailure { () throws(AccountError) in _ = try PasswordHash(text) }
    #expect(failure?.description.contains("asks for a cost outside the limits") == true)
  }

  @Test("A bcrypt cost of 17 is refused and 16 is not")
  func bcryptCost() throws {
    let rest = "$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
    _ = try PasswordHash("$2b$16" + rest)
    for cost in ["17", "31", "99", "03", "00"] {
      let failure = accountFailure { () throws(AccountError) in _ = try PasswordHash("$2b$\(cost)\(rest)") }
      #expect(failure?.description.contains("must be 4 to 16") == true)
    }
  }

  @Test(
    "What is not a hash of a known scheme is refused, and not repeated in the message",
    arguments: [
      "", "plain-secret", "$1$secret$secret", "$6$secret$secret", "$y$j9T$secret", "$2x$05$secret", "$2b$04$secret",
      "$2b$0a$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
      "$2b$04$abcdefghijklmnopqrst!ujydOTSfIH/d5oUHpsygqV5X9secret",
      "$argon2id$secret", "$argon2d$v=19$m=64,t=2,p=1$c2l4dGVlbiBieXRlIHNsdA$Vmu8bysmWNmwnl/cFrbFrjnljLOBOaUT",
      "$argon2id$v=18$m=64,t=2,p=1$c2l4dGVlbiBieXRlIHNsdA$Vmu8bysmWNmwnl/cFrbFrjnljLOBOaUT",
      "$argon2id$v=19$m=064,t=2,p=1$c2l4dGVlbiBieXRlIHNsdA$Vmu8bysmWNmwnl/cFrbFrjnljLOBOaUT",
      "$argon2id$v=19$m=99999999999,t=2,p=1$c2l4dGVlbiBieXRlIHNsdA$Vmu8bysmWNmwnl/cFrbFrjnljLOBOaUT",
      "$argon2id$v=19$t=2,m=64,p=1$c2l4dGVlbiBieXRlIHNsdA$Vmu8bysmWNmwnl/cFrbFrjnljLOBOaUT",
      "$argon2id$v=19$m=64,t=2,p=1$c2l4$Vmu8bysmWNmwnl/cFrbFrjnljLOBOaUT",
      "$argon2id$v=19$m=64,t=2,p=1$c2l4dGVlbiBieXRlIHNsdA$Vmu8",
      "$argon2id$v=19$m=64,t=2,p=1$c2l4dGVlbiBieXRlIHNsdA$Vmu8bysmWNmwnl/cFrbFrjnljLOBOaUT$",
      "$argon2id$v=19$m=64,t=2,p=1$c2l4dGVlbiBieXRlIHNsdB$Vmu8bysmWNmwnl/cFrbFrjnljLOBOaUT",
    ])
  func unknownSchemes(text: String) {
    let failure = accountFailure { () throws(AccountError) in _ = try PasswordHash(text) }
    #expect(failure != nil)
    #expect(failure?.description.contains("secret") == false)
    #expect(failure?.description.contains("\n") == false)
  }

  @Test("A new password has 8 to 1024 bytes", arguments: [(7, false), (8, true), (1024, true), (1025, false)])
  func passwordLength(length: Int, isFine: Bool) {
    let failure = accountFailure { () throws(AccountError) in
      _ = try PasswordHash.make(password: String(repeating: "p", count: length), cost: AccountsFolder.cheap)
    }
    #expect(failure == (isFine ? nil : .invalid(field: "password", rule: "must have 8 to 1024 bytes")))
  }

  @Test("A decoy is a well-formed hash of the asked cost that nothing matches")
  func decoy() throws {
    let decoy = try PasswordHash.unmatchable(cost: AccountsFolder.cheap)
    #expect(decoy.text.hasPrefix("$argon2id$v=19$m=8,t=1,p=1$"))
    #expect(try !decoy.verify("correct horse"))
  }
}
