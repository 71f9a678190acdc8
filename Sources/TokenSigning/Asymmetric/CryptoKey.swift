internal import COpenSSL
internal import Synchronization

/// A key of libcrypto, freed with its last owner.
///
/// `@unchecked Sendable`: an EVP_PKEY never changes after it was made, and libcrypto lets any number of threads sign
/// and verify with it at once.
@safe final class CryptoKey: @unchecked Sendable {
  let pointer: OpaquePointer

  /// Takes ownership of a key of libcrypto.
  ///
  /// Returns nil for nil, and drops the reason from libcrypto's error queue.
  init?(_ pointer: OpaquePointer?) {
    ERR_clear_error()
    guard let pointer = unsafe pointer else { return nil }
    unsafe self.pointer = unsafe pointer
  }

  deinit { unsafe EVP_PKEY_free(pointer) }
}

/// The contexts of libcrypto that sign, or verify, hashed messages with one key.
///
/// The contexts are made on demand and reused. They can be used from any number of threads at once, and no thread waits
/// for another's signature: there are as many contexts as there were simultaneous calls. A new context would be a third
/// of the cost of an ES256 signature.
@safe final class SignatureContexts: Sendable {
  /// `@unchecked Sendable`: a context that was taken out of the list is used by one thread only.
  @safe private struct Context: @unchecked Sendable {
    let pointer: OpaquePointer
  }

  private let key: CryptoKey
  private let signs: Bool
  private let isPSS: Bool
  private let free = Mutex<[Context]>([])

  init(_ key: CryptoKey, signs: Bool, isPSS: Bool) {
    self.key = key
    self.signs = signs
    self.isPSS = isPSS
  }

  deinit {
    for context in free.withLock({ $0 }) { unsafe EVP_PKEY_CTX_free(context.pointer) }
  }

  /// Calls `body` with a context that nobody else uses meanwhile.
  ///
  /// Returns nil if libcrypto has none for this key.
  @unsafe func withContext<Result>(_ body: (OpaquePointer) -> Result) -> Result? {
    guard let context = free.withLock({ $0.popLast() }) ?? made() else { return nil }
    defer { free.withLock { $0.append(context) } }
    return unsafe body(context.pointer)
  }

  private func made() -> Context? {
    let pointer = unsafe ledger_signature_context(key.pointer, signs ? 1 : 0, isPSS ? 1 : 0)
    guard let pointer = unsafe pointer else { return nil }
    return unsafe Context(pointer: pointer)
  }
}

/// The two encodings of an ECDSA signature on P-256: 64 bytes in a JWS (RFC 7518 §3.4), DER in libcrypto.
enum P256Signature {
  /// The order of the group, n (SEC 2 §2.4.2).
  private static let order: [UInt8] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
  ]

  /// Returns the signature in DER, or nil unless it has exactly 64 bytes with 0 < r < n and 0 < s < n.
  static func der(_ signature: [UInt8]) -> [UInt8]? {
    guard signature.count == 64 else { return nil }
    let r = signature[..<32]
    let s = signature[32...]
    guard isInRange(r), isInRange(s) else { return nil }
    let content = integer(r) + integer(s)
    return [0x30, UInt8(content.count)] + content
  }

  /// The longest DER signature: two integers of 33 bytes.
  static let derBytesMax = 72

  /// Returns the signature as a JWS has it, or nil unless the bytes are a signature in DER.
  static func raw(_ der: [UInt8]) -> [UInt8]? {
    var raw = [UInt8](repeating: 0, count: 64)
    return unsafe ledger_p256_raw(der, der.count, &raw) == 1 ? raw : nil
  }

  private static func isInRange(_ number: ArraySlice<UInt8>) -> Bool {
    number.contains { $0 != 0 } && number.lexicographicallyPrecedes(order)
  }

  private static func integer(_ number: ArraySlice<UInt8>) -> [UInt8] {
    let significant = number.drop { $0 == 0 }
    let isHigh = significant.first.map { $0 >= 0x80 } ?? true
    return [0x02, UInt8(significant.count + (isHigh ? 1 : 0))] + (isHigh ? [0] : []) + significant
  }
}
