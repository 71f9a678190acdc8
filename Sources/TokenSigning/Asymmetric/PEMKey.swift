internal import COpenSSL

/// Reads the key pairs that other programs make: PKCS #8 in PEM (RFC 5958, RFC 7468 §10), such as `openssl genpkey` writes.
enum PEMKey {
  static let bytesMax = 64 * 1024
  private static let conversion = "write it again with: openssl pkcs8 -topk8 -nocrypt -in FILE"

  /// The first block of the text, which must be an unencrypted key of P-256, Ed25519 or RSA.
  static func numbers(_ text: [UInt8]) throws(KeyFailure) -> KeyNumbers {
    guard text.count <= bytesMax else {
      throw KeyFailure(.malformed, "is larger than \(bytesMax / 1024) KiB; give a file of one key")
    }
    var label = [CChar](repeating: 0, count: 48)
    let made = unsafe CryptoKey(ledger_pem_private_key(text, text.count, &label, label.count))
    let name = String(decoding: label.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let made else { throw refusal(label: name) }
    guard let numbers = KeyNumbers(of: made) else {
      throw KeyFailure(.malformed, "is not a key of P-256, Ed25519 or RSA; make one of these")
    }
    return numbers
  }

  private static func refusal(label: String) -> KeyFailure {
    switch label {
    case "": KeyFailure(.malformed, "holds no PEM block; give a private key that begins with BEGIN and PRIVATE KEY")
    case "PRIVATE KEY": KeyFailure(.malformed, "is not a PKCS #8 key that can be read; make it again")
    case "ENCRYPTED PRIVATE KEY": KeyFailure(.malformed, "is encrypted; \(conversion)")
    case "RSA PRIVATE KEY", "EC PRIVATE KEY", "EC PARAMETERS": KeyFailure(.malformed, "is not PKCS #8; \(conversion)")
    default: KeyFailure(.malformed, "is no private key; give the private half in PKCS #8")
    }
  }
}
