import Testing

@testable import TokenSigning

@Suite struct TokenIdentifierTests {
  @Test("The text is the 12 bytes of the session and the big-endian generation, and comes back")
  func text() throws {
    let identifier = TokenFixtures.identifier
    let bytes = try #require(Base64URL.decode(identifier.text))
    #expect(bytes == [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0, 0, 0, 7])
    #expect(identifier.bytes.indices.map { identifier.bytes[$0] } == bytes)
    #expect(identifier.text.hasPrefix(identifier.sessionText))
    #expect(identifier.sessionText.utf8.count == 16)
    #expect(TokenIdentifier(text: identifier.text) == identifier)
    let session = try #require(TokenIdentifier(sessionText: identifier.sessionText))
    #expect(session.sessionHigh == identifier.sessionHigh)
    #expect(session.sessionLow == identifier.sessionLow)
    #expect(session.generation == 0)
  }

  @Test("The ends of the range come back")
  func extremes() {
    for identifier in [
      TokenIdentifier(sessionHigh: 0, sessionLow: 0, generation: 0),
      TokenIdentifier(sessionHigh: .max, sessionLow: .max, generation: .max),
    ] {
      #expect(TokenIdentifier(text: identifier.text) == identifier)
    }
  }

  @Test(
    "A text of another length or alphabet, or with trailing bits, names nothing",
    arguments: [
      "", "ASNFZ4mrze_-3LqYAAAAB", "ASNFZ4mrze_-3LqYAAAABwA", "ASNFZ4mrze_-3LqYAAAABx", "ASNFZ4mrze/+3LqYAAAABw",
      "ASNFZ4mrze_-3LqYAAAABw==", "éSNFZ4mrze_-3LqYAAAABw",
    ])
  func strict(text: String) {
    #expect(TokenIdentifier(text: text) == nil)
    #expect(TokenIdentifier(sessionText: text) == nil)
  }
}
