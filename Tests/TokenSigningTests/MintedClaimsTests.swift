import Testing
import TokenTestInputs

@testable import TokenSigning

/// The quick reading of our own claims beside the strict one.
@Suite struct MintedClaimsTests {
  private let minter: TokenMinter
  private let verifier: TokenVerifier
  private let rules = AccessClaimRules(issuer: TokenFixtures.issuer, audience: TokenFixtures.audience)
  private let accessMembers = Array(
    TokenTemplate.accessMembers(issuer: TokenFixtures.issuer, audience: TokenFixtures.audience).utf8)
  private let refreshMembers = Array(TokenTemplate.members(issuer: TokenFixtures.issuer).utf8)

  init() throws {
    let keys = try TokenFixtures.keys()
    minter = TokenFixtures.minter(keys)
    verifier = TokenFixtures.verifier(keys)
  }

  private func payload(of token: String) throws -> [UInt8] {
    let part = try #require(token.split(separator: ".").dropFirst().first)
    return try #require(Base64URL.decode(String(part)))
  }

  @Test(
    "What the minter writes is read quickly, and as the strict reader reads it",
    arguments: 1...50 as ClosedRange<UInt64>)
  func minted(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let letters = Array("abcdefghijklmnopqrstuvwxyzABCXYZ0189 .:/@-_")
    func text(upTo countMax: Int) -> String {
      String(
        (0..<Int.random(in: 0...countMax, using: &random)).map { _ in
          letters[.random(in: letters.indices, using: &random)]
        })
    }
    let start = Int64.random(in: 0...4_000_000_000, using: &random)
    let end = start + .random(in: 0...40_000_000, using: &random)
    let identifier = TokenIdentifier(
      sessionHigh: .random(in: 0 ... .max, using: &random), sessionLow: .random(in: 0 ... .max, using: &random),
      generation: .random(in: 0 ... .max, using: &random))
    let (subject, client, scope) = (text(upTo: 40), text(upTo: 20), text(upTo: 9))
    let refresh = RefreshClaims(
      subject: subject, clientID: client, scope: scope, issuedAt: start, expiresAt: end, identifier: identifier)
    let access = AccessClaims(
      subject: subject, clientID: client, scope: scope, issuedAt: start, expiresAt: end, identifier: identifier)
    #expect(MintedClaims.refresh(try payload(of: minter.mintRefresh(refresh)), after: refreshMembers) == refresh)
    #expect(MintedClaims.access(try payload(of: minter.mintAccess(access)), after: accessMembers) == access)
  }

  @Test("Claims with any one byte changed, left out or doubled are read as the strict reader reads them, or left to it")
  func changed() throws {
    let refresh = try payload(of: minter.mintRefresh(TokenFixtures.refresh()))
    let access = try payload(of: minter.mintAccess(TokenFixtures.access()))
    let bytes: [UInt8] = Array("\",:{}\\ 0159-aAzZ_".utf8) + [0, 0x1F, 0x7F, 0x80, 0xC3, 0xFF]
    func variants(_ payload: [UInt8], _ check: ([UInt8]) -> Void) {
      for index in payload.indices {
        for byte in bytes {
          var variant = payload
          variant[index] = byte
          check(variant)
          variant = payload
          variant.insert(byte, at: index)
          check(variant)
        }
        check(Array(payload[..<index]))
        check(Array(payload[..<index] + payload[(index + 1)...]))
        check(payload + payload[index...])
      }
    }
    var readQuickly = 0
    variants(refresh) { variant in
      guard let quick = MintedClaims.refresh(variant, after: refreshMembers) else { return }
      readQuickly += 1
      #expect((try? verifier.refreshClaims(variant)) == quick, "\(String(decoding: variant, as: UTF8.self))")
    }
    variants(access) { variant in
      guard let quick = MintedClaims.access(variant, after: accessMembers) else { return }
      readQuickly += 1
      #expect((try? rules.anyNotation(variant)) == quick, "\(String(decoding: variant, as: UTF8.self))")
    }
    #expect(readQuickly > 100)
  }

  @Test("An escape, a letter outside ASCII, a time to the millisecond and extra members are left to the strict reader")
  func leftToTheReader() throws {
    for subject in ["a\"b", "a\\b", "a\tb", "Zoë"] {
      let claims = TokenFixtures.refresh(subject: subject)
      let token = minter.mintRefresh(claims)
      #expect(MintedClaims.refresh(try payload(of: token), after: refreshMembers) == nil)
      #expect(try verifier.verifyRefresh(token, nowMilliseconds: 0) == claims)
    }
    var exact = TokenFixtures.access(expiresAt: 1_700_000_900, expiresAtMilliseconds: 1_700_000_899_500)
    #expect(MintedClaims.access(try payload(of: minter.mintAccess(exact)), after: accessMembers) == nil)
    exact.expiresAtMilliseconds = nil
    exact.extraMembers = Array("\"role\":1".utf8)
    #expect(MintedClaims.access(try payload(of: minter.mintAccess(exact)), after: accessMembers) == nil)
    #expect(try verifier.verifyAccess(minter.mintAccess(exact), nowMilliseconds: 0) == exact)
  }
}
