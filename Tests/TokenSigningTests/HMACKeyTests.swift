import Testing

@testable import TokenSigning

@Suite struct HMACKeyTests {
  @Test("RFC 4231 test cases 6 and 7 hold, one after the other by one key")
  func vectors() throws {
    let key = try #require(HMACKey([UInt8](repeating: 0xAA, count: 131)))
    let first = key.code(of: "Test Using Larger Than Block-Size Key - Hash Key First")
    #expect(hex(first) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    let long = """
      This is a test using a larger than block-size key and a larger than block-size data. \
      The key needs to be hashed before being used by the HMAC algorithm.
      """
    #expect(hex(key.code(of: long)) == "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2")
  }

  @Test("A secret of 31 bytes is refused, one of 32 taken")
  func secretLength() {
    #expect(HMACKey([UInt8](repeating: 1, count: 31)) == nil)
    #expect(HMACKey([UInt8](repeating: 1, count: 32)) != nil)
  }

  @Test("A code is valid for its own message alone, and only whole")
  func validity() throws {
    let key = try #require(HMACKey(TokenFixtures.secret(5)))
    var code = key.code(of: "message")
    #expect(key.isValid(code, of: "message"))
    #expect(!key.isValid(code, of: "massage"))
    #expect(!key.isValid(Array(code.dropLast()), of: "message"))
    #expect(!key.isValid([], of: "message"))
    code[31] ^= 1
    #expect(!key.isValid(code, of: "message"))
  }

  @Test("32 callers at once get the codes that one caller gets")
  func concurrency() async throws {
    let key = try #require(HMACKey(TokenFixtures.secret(6)))
    let expected = (0..<200).map { key.code(of: "message \($0)") }
    let wrong = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<32 {
        group.addTask {
          (0..<200).count { !key.isValid(expected[$0], of: "message \($0)") }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(wrong == 0)
  }

  private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
