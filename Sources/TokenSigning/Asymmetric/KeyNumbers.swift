internal import COpenSSL

/// The numbers of a key pair as a JWK and a key file hold them.
struct KeyNumbers: Sendable {
  let kind: KeyKind
  /// The big-endian numbers, one for each of `kind.members`.
  ///
  /// Those of a curve have 32 bytes; those of RSA have as few bytes as they need.
  let values: [[UInt8]]

  /// The size of generated RSA keys.
  static let rsaBits = 2048

  /// Returns a new key pair.
  ///
  /// The call takes 0.1 ms, for RSA about 100 ms.
  static func generate(_ kind: KeyKind) -> KeyNumbers {
    let made =
      switch kind {
      case .p256: unsafe CryptoKey(ledger_generate_p256())
      case .ed25519: unsafe CryptoKey(ledger_generate_ed25519())
      case .rsa: unsafe CryptoKey(ledger_generate_rsa(rsaBits))
      }
    guard let made, let numbers = KeyNumbers(of: made) else { preconditionFailure("libcrypto cannot make a key") }
    return numbers
  }

  init(kind: KeyKind, values: [[UInt8]]) {
    precondition(values.count == kind.members.count, "a key with too many or too few numbers")
    self.kind = kind
    self.values = values
  }

  /// Reads the numbers of a key.
  ///
  /// Returns nil for a key of another kind and for a public key.
  init?(of key: CryptoKey) {
    let found: (kind: KeyKind, values: [[UInt8]])
    switch unsafe EVP_PKEY_get_base_id(key.pointer) {
    case EVP_PKEY_EC:
      guard unsafe ledger_is_p256(key.pointer) == 1 else { return nil }
      let names = [OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y, OSSL_PKEY_PARAM_PRIV_KEY]
      found = (.p256, names.map { Self.number($0, of: key, width: 32) })
    case EVP_PKEY_ED25519: found = (.ed25519, Self.ed25519Halves(of: key))
    case EVP_PKEY_RSA:
      let names = (0..<8).map { unsafe String(cString: ledger_rsa_number_name($0)) }
      found = (.rsa, names.map { Self.number($0, of: key, width: 0) })
    default: return nil
    }
    guard found.values.allSatisfy({ !$0.isEmpty }) else { return nil }
    self.init(kind: found.kind, values: found.values)
  }

  /// Returns the key in libcrypto, or nil unless the numbers form one key whose public half belongs to its secret half.
  func cryptoKey() -> CryptoKey? {
    switch kind {
    case .p256:
      guard values.allSatisfy({ $0.count == 32 }) else { return nil }
      let point = [0x04] + values[0] + values[1]
      return unsafe CryptoKey(ledger_p256_private_key(point, point.count, values[2], values[2].count))
    case .ed25519:
      // The public half enters each signature: a half that does not belong to the secret would give the secret away.
      let made = unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, values[1], values[1].count)
      guard let key = unsafe CryptoKey(made), Self.ed25519Halves(of: key) == values else { return nil }
      return key
    case .rsa:
      let lengths = values.map(\.count)
      let all = Array(values.joined())
      return unsafe CryptoKey(ledger_rsa_private_key(all, lengths))
    }
  }

  /// Returns one number of a key, or no bytes if the key has no such number or one too large for any accepted key.
  private static func number(_ name: String, of key: CryptoKey, width: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: PublicKey.rsaModulusBits.upperBound / 8) { target, initialized in
      initialized = unsafe ledger_key_number(key.pointer, name, width, target.baseAddress, target.count)
    }
  }

  private static func ed25519Halves(of key: CryptoKey) -> [[UInt8]] {
    var halves = [[UInt8]](repeating: [UInt8](repeating: 0, count: 32), count: 2)
    var count = 32
    guard unsafe EVP_PKEY_get_raw_public_key(key.pointer, &halves[0], &count) == 1, count == 32,
      unsafe EVP_PKEY_get_raw_private_key(key.pointer, &halves[1], &count) == 1, count == 32
    else { return [[], []] }
    return halves
  }
}

/// A reader of key pairs from other programs: PKCS #8 in PEM (RFC 5958, RFC 7468 §10), such as `openssl genpkey`
/// writes.
enum PEMKey {
  static let bytesMax = 64 * 1024
  private static let conversion = "write it again with: openssl pkcs8 -topk8 -nocrypt -in FILE"

  /// Returns the numbers in the first block of the text, which must be an unencrypted key of P-256, Ed25519 or RSA.
  static func numbers(_ text: [UInt8]) throws(KeyError) -> KeyNumbers {
    guard text.count <= bytesMax else {
      throw KeyError(.malformed, "is larger than \(bytesMax / 1024) KiB; give a file of one key")
    }
    var label = [CChar](repeating: 0, count: 48)
    let made = unsafe CryptoKey(ledger_pem_private_key(text, text.count, &label, label.count))
    let name = String(decoding: label.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let made else { throw refusal(label: name) }
    guard let numbers = KeyNumbers(of: made) else {
      throw KeyError(.malformed, "is not a key of P-256, Ed25519 or RSA; make one of these")
    }
    return numbers
  }

  private static func refusal(label: String) -> KeyError {
    switch label {
    case "": KeyError(.malformed, "holds no PEM block; give a private key that begins with BEGIN and PRIVATE KEY")
    case "PRIVATE KEY": KeyError(.malformed, "is not a PKCS #8 key that can be read; make it again")
    case "ENCRYPTED PRIVATE KEY": KeyError(.malformed, "is encrypted; \(conversion)")
    case "RSA PRIVATE KEY", "EC PRIVATE KEY", "EC PARAMETERS": KeyError(.malformed, "is not PKCS #8; \(conversion)")
    default: KeyError(.malformed, "is no private key; give the private half in PKCS #8")
    }
  }
}
