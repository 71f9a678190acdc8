internal import COpenSSL
internal import Synchronization

/// libcrypto's contexts for signing, or for verifying, hashed messages by one key: made when first wanted, then reused.
///
/// May be used from any number of threads at once; nobody waits for another's signature. There are as many contexts as
/// there were calls at the same time. Of an ES256 signature a new context would be a third of the cost.
@safe final class SignatureContexts: Sendable {
  /// `@unchecked Sendable`: whoever has taken a context out of the list is alone with it.
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

  /// What `body` returns for a context that nobody else uses meanwhile; nil when libcrypto has none for this key.
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
