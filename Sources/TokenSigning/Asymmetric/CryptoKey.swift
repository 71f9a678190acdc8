internal import COpenSSL

/// A key of libcrypto, freed with its last owner.
///
/// `@unchecked Sendable`: an EVP_PKEY is not changed after it was made, and libcrypto lets any number of threads sign and
/// verify by it at once.
@safe final class CryptoKey: @unchecked Sendable {
  let pointer: OpaquePointer

  /// Nil for nil, whose reason in libcrypto's queue is dropped.
  init?(_ pointer: OpaquePointer?) {
    ERR_clear_error()
    guard let pointer = unsafe pointer else { return nil }
    unsafe self.pointer = unsafe pointer
  }

  deinit { unsafe EVP_PKEY_free(pointer) }
}
