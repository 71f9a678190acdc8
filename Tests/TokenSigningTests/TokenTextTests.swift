import Testing
import TokenTestInputs

@testable import TokenSigning

/// What is refused before anything is believed, and the changes that no token survives.
@Suite struct TokenTextTests {
  private let verifier: TokenVerifier
  private let token: String
  private let refresh: String

  init() throws {
    let keys = try TokenFixtures.keys()
    verifier = TokenFixtures.verifier(keys)
    token = TokenFixtures.minter(keys).mintAccess(TokenFixtures.access())
    refresh = TokenFixtures.minter(keys).mintRefresh(TokenFixtures.refresh())
  }

  private func refusal(_ token: String) -> TokenVerificationError? {
    TokenFixtures.refusal { () throws(TokenVerificationError) in
      _ = try verifier.verifyAccess(token, nowMilliseconds: TokenFixtures.now)
    }
  }

  private func isAccepted(_ bytes: [UInt8]) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    let access = try? verifier.verifyAccess(text, nowMilliseconds: TokenFixtures.now)
    let refresh = try? verifier.verifyRefresh(text, nowMilliseconds: TokenFixtures.now)
    return access != nil || refresh != nil
  }

  @Test("Anything but three parts is malformed")
  func parts() {
    let parts = token.split(separator: ".").map(String.init)
    for text in [
      "", ".", "..", "...", parts[0], "\(parts[0]).\(parts[1])", "\(token).", "\(token).\(parts[2])",
      "\(token).\(parts[1]).\(parts[2])", ".\(token)", "\(parts[0])..\(parts[1]).\(parts[2])",
    ] {
      #expect(refusal(text) == .malformed)
    }
    #expect(refusal("\(parts[0])..\(parts[2])") == .badSignature)
    #expect(refusal("\(parts[0]).\(parts[1]).") == .badSignature)
  }

  @Test("4096 bytes are looked at, 4097 and a mebibyte are not")
  func length() {
    #expect(refusal(String(repeating: "A", count: 4096)) == .malformed)
    #expect(refusal(String(repeating: "A", count: 4097)) == .tooLong)
    #expect(refusal(String(repeating: "A", count: 1 << 20)) == .tooLong)
    #expect(refusal(token + String(repeating: "A", count: 1 << 20)) == .tooLong)
  }

  @Test("Padding, white space and other letters around or inside are malformed")
  func spelling() {
    let parts = token.split(separator: ".").map(String.init)
    for text in [
      "\(token)=", "\(token)\n", "\(parts[0]).\(parts[1])=.\(parts[2])", "\(parts[0]).\(parts[1])==.\(parts[2])",
      "\(parts[0]).\(parts[1])+.\(parts[2])", "\(parts[0]). \(parts[1]).\(parts[2])", "\(parts[0]).é.\(parts[2])",
      " \(token)",
    ] {
      #expect(refusal(text) == .malformed)
    }
  }

  @Test("Of the last letter's spellings that decode to the same bytes, only the canonical one is a signature")
  func canonicalSignature() {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    let outcomes = letters.map { refusal("\(token.dropLast())\($0)") }
    #expect(outcomes.count { $0 == nil } == 1)
    #expect(outcomes.count { $0 == .badSignature } == 15)
    #expect(outcomes.count { $0 == .malformed } == 48)
  }

  @Test("A token with any byte changed to any other, or with any byte left out, is refused")
  func everyByte() {
    let good = Array(token.utf8)
    var survivors: [Int] = []
    for index in good.indices {
      var changed = good
      for byte in UInt8.min...UInt8.max where byte != good[index] {
        changed[index] = byte
        if isAccepted(changed) { survivors.append(index) }
      }
      changed.remove(at: index)
      if isAccepted(changed) { survivors.append(index) }
    }
    #expect(survivors == [])
  }

  @Test("No refusal's text holds any part of the token")
  func silence() {
    let parts = token.split(separator: ".").map(String.init)
    for text in ["\(parts[0]).\(parts[1])", "\(parts[0]).\(parts[1]).AAAA", refresh, "x\(token)"] {
      let refusal = refusal(text)
      #expect(refusal != nil)
      for part in parts { #expect(refusal?.description.contains(part.prefix(12)) == false) }
    }
  }

  @Test("No mutation of a good token is accepted", arguments: [UInt64(1), 2, 3, 0xC0FFEE])
  func mutations(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let originals = [Array(token.utf8), Array(refresh.utf8)]
    for round in 0..<3000 {
      var bytes = originals[round % 2]
      for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&bytes, with: originals, using: &random) }
      if originals.contains(bytes) { continue }
      #expect(!isAccepted(bytes), "seed \(seed), round \(round)")
    }
  }

  private func mutate(_ bytes: inout [UInt8], with originals: [[UInt8]], using random: inout SeededGenerator) {
    let index = Int.random(in: 0..<max(1, bytes.count), using: &random)
    guard bytes.indices.contains(index) else { return bytes.append(46) }
    switch Int.random(in: 0..<8, using: &random) {
    case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes.remove(at: index)
    case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
    case 3: bytes.swapAt(index, Int.random(in: 0..<bytes.count, using: &random))
    case 4: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 1...40, using: &random)))
    case 5: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 30)], at: index)
    case 6: bytes[index] = UInt8(ascii: ".")
    default:
      let other = originals[Int.random(in: 0..<2, using: &random)]
      bytes = Array(bytes[..<index]) + other[min(index, other.count)...]
    }
  }
}
