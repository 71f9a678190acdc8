import Testing
import TokenTestInputs

@testable import TokenSigning

@Suite struct Base64URLTests {
  @Test(
    "The vectors of RFC 4648 hold, without their padding",
    arguments: [
      ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
      ("foobar", "Zm9vYmFy"),
    ])
  func vectors(plain: String, text: String) {
    #expect(Base64URL.text(of: Array(plain.utf8)) == text)
    #expect(Base64URL.decode(text) == Array(plain.utf8))
  }

  @Test("Every byte string comes back, of every length to 200")
  func roundTrip() {
    var random = SeededGenerator(seed: 11)
    for count in 0...200 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      let text = Base64URL.text(of: bytes)
      #expect(text.utf8.count == Base64URL.encodedCount(count))
      #expect(Base64URL.decode(text) == bytes)
    }
  }

  @Test(
    "Padding, white space, the other alphabet and impossible lengths are refused",
    arguments: [
      "Zg==", "Zm8=", "Zg=", "Z", "Zm9vY", "Zm9v\n", " Zm9v", "Zm+v", "Zm/v", "Zm9v.", "Zé9v", "Zm9v\0",
    ])
  func strict(text: String) {
    #expect(Base64URL.decode(text) == nil)
  }

  @Test("Of the texts that a lax reader takes for one byte, one is canonical")
  func trailingBits() {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    #expect(letters.filter { Base64URL.decode("Z\($0)") != nil } == "AQgw")
    #expect(letters.filter { Base64URL.decode("ZZ\($0)") != nil }.count == 16)
  }

  @Test("Exactly the 64 letters of the alphabet are read")
  func alphabet() {
    let accepted = (UInt8.min...UInt8.max).filter { Base64URL.decode(bytes: [$0, 65, 65, 65]) != nil }
    #expect(accepted.count == 64)
  }
}
