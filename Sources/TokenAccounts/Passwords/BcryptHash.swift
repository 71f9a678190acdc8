internal import CCrypt
internal import COpenSSL
internal import TokenEngine
internal import TokenSigning

/// A bcrypt hash (`$2a$`, `$2b$`, `$2y$`), verified by the system's libcrypt.
///
/// It is for hashes from elsewhere, since new passwords get argon2id. bcrypt reads the first 72 bytes of a password and
/// ends at a NUL: a longer password is cut as bcrypt does, and a password with a NUL byte is never right.
struct BcryptHash: Sendable {
  private static let textBytes = 60
  private static let digestOffset = 29
  private static let passwordBytesUsed = 72
  /// The most rounds: 2^16, which take about three seconds.
  private static let costMax = 16

  private let text: String

  init(_ text: String) throws(AccountError) {
    let bytes = Array(text.utf8)
    guard bytes.count == BcryptHash.textBytes, ["$2a$", "$2b$", "$2y$"].contains(where: text.hasPrefix),
      bytes[6] == UInt8(ascii: "$"), bytes[7...].allSatisfy(BcryptHash.isInAlphabet),
      bytes[4...5].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else {
      throw .invalid(field: "passwordHash", rule: "is not a bcrypt hash: $2b$, two digits, $ and 53 characters")
    }
    let cost = Int(bytes[4] - UInt8(ascii: "0")) * 10 + Int(bytes[5] - UInt8(ascii: "0"))
    guard (4...BcryptHash.costMax).contains(cost) else {
      throw .invalid(field: "passwordHash", rule: "has a bcrypt cost of \(cost): it must be 4 to \(BcryptHash.costMax)")
    }
    self.text = text
  }

  func verify(_ password: [UInt8]) throws(StoreError) -> Bool {
    // A password with a NUL takes the same work, so that the time does not reveal the scheme.
    let hasNUL = password.contains(0)
    let phrase = hasNUL ? [0x2D] : Array(password.prefix(BcryptHash.passwordBytesUsed))
    let computed = try BcryptHash.crypt(phrase: phrase + [0], setting: text)
    // Only the digests are compared: the salt's last character has spare bits, which libcrypt clears.
    let equal = ConstantTime.equal(
      Array(computed.dropFirst(BcryptHash.digestOffset)), Array(text.utf8.dropFirst(BcryptHash.digestOffset)))
    return equal && !hasNUL
  }

  /// Returns the hash of `phrase`, which must end with its only NUL.
  private static func crypt(phrase: [UInt8], setting: String) throws(StoreError) -> [UInt8] {
    let size = MemoryLayout<crypt_data>.size
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    unsafe scratch.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    defer {
      unsafe OPENSSL_cleanse(scratch, size)
      unsafe scratch.deallocate()
    }
    let output: [UInt8]? = unsafe phrase.withUnsafeBytes { phrase in
      let characters = unsafe phrase.bindMemory(to: CChar.self).baseAddress
      guard let text = unsafe crypt_rn(characters, setting, scratch, Int32(size)) else { return nil }
      return unsafe Array(String(cString: text).utf8)
    }
    guard let output, output.count == textBytes else {
      throw .unreadable("the system's libcrypt cannot verify a stored bcrypt hash")
    }
    return output
  }

  private static func isInAlphabet(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "/"):
      true
    default: false
    }
  }
}

extension BcryptHash: RedactedValue {}
