internal import COpenSSL

/// The SHA-256 digest of a message.
package struct Digest: Sendable, Hashable {
  package static let byteCount = 32

  package let bytes: [UInt8]

  /// 43 letters of base64url.
  var text: String { Base64URL.text(bytes.span) }

  package init(of message: [UInt8]) {
    bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.byteCount) { target, initialized in
      let made = unsafe ledger_sha256(message, message.count, target.baseAddress)
      precondition(made == 1, "libcrypto has no SHA-256")
      initialized = Self.byteCount
    }
  }
}
