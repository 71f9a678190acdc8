internal import COpenSSL
internal import Synchronization

/// A secret for HMAC-SHA256 (RFC 2104), held in libcrypto contexts that are keyed once and reused.
///
/// The key can be used from any number of threads at once: each call takes whichever context is free, and waits only if
/// all are busy. No call allocates. The raw bytes are not kept and cannot be read back.
package final class HMACKey: Sendable {
  /// The shortest secret: a key must be at least as long as the hash (RFC 7518 §3.2).
  package static let secretBytesMin = 32
  static let codeBytes = 32

  @safe private struct Keyed: ~Copyable {
    let context: OpaquePointer

    init?(secret: Span<UInt8>) {
      let made = unsafe secret.withUnsafeBufferPointer { unsafe ledger_hmac_sha256_new($0.baseAddress, $0.count) }
      guard let made = unsafe made else { return nil }
      unsafe context = made
    }

    deinit { unsafe EVP_MAC_CTX_free(context) }
  }

  private let contexts: InlineArray<8, Mutex<Keyed>>

  /// Creates a key from a secret, or returns nil if that has fewer than 32 bytes.
  package init?(secret: Span<UInt8>) {
    guard secret.count >= Self.secretBytesMin else { return nil }
    contexts = InlineArray { _ in
      guard let keyed = Keyed(secret: secret) else { preconditionFailure("libcrypto has no HMAC-SHA256") }
      return Mutex(keyed)
    }
  }

  /// Returns the 32-byte code of a message.
  func code(for message: Span<UInt8>) -> InlineArray<32, UInt8> {
    for index in contexts.indices {
      if let code = contexts[index].withLockIfAvailable({ Self.code(for: message, in: $0) }) { return code }
    }
    return contexts[0].withLock { Self.code(for: message, in: $0) }
  }

  /// Checks the code of a message, in constant time.
  func isValid(_ code: Span<UInt8>, for message: Span<UInt8>) -> Bool {
    guard code.count == Self.codeBytes else { return false }
    let expected = self.code(for: message)
    return unsafe expected.span.withUnsafeBufferPointer { expected in
      unsafe code.withUnsafeBufferPointer { code in
        unsafe CRYPTO_memcmp(expected.baseAddress, code.baseAddress, Self.codeBytes) == 0
      }
    }
  }

  private static func code(for message: Span<UInt8>, in keyed: borrowing Keyed) -> InlineArray<32, UInt8> {
    var code: InlineArray<32, UInt8> = .init(repeating: 0)
    var span = code.mutableSpan
    let made = unsafe span.withUnsafeMutableBufferPointer { code in
      unsafe message.withUnsafeBufferPointer { message in
        unsafe ledger_hmac_sha256(keyed.context, message.baseAddress, message.count, code.baseAddress)
      }
    }
    precondition(made == 1, "libcrypto could not compute an HMAC")
    return code
  }
}
