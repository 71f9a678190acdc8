internal import COpenSSL
internal import Synchronization

/// A generator of libcrypto's random bytes, fetched 4 KiB at a time.
///
/// It can be used from any thread.
///
/// Copies share one reservoir, so that no two of them ever return the same bytes; bytes are wiped once returned. The
/// program ends if libcrypto has no randomness: nothing may be signed or named without it.
package struct OpenSSLRandom: RandomNumberGenerator, Sendable {
  private final class Reservoir: Sendable {
    private struct State {
      var words = [UInt64](repeating: 0, count: 512)
      var left = 0
    }
    private let state = Mutex(State())

    func next() -> UInt64 {
      state.withLock { state in
        if state.left == 0 {
          let filled = unsafe state.words.withUnsafeMutableBytes { unsafe OpenSSLRandom.fill($0) }
          precondition(filled, "libcrypto has no random bytes")
          state.left = state.words.count
        }
        state.left -= 1
        let word = state.words[state.left]
        state.words[state.left] = 0
        return word
      }
    }
  }

  private let reservoir = Reservoir()

  package init() {}

  package mutating func next() -> UInt64 {
    reservoir.next()
  }

  /// Returns fresh bytes for a key, from libcrypto's generator for private values.
  static func secret(bytes count: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      let filled = unsafe RAND_priv_bytes(target.baseAddress, Int32(count))
      precondition(filled == 1, "libcrypto has no random bytes")
      initialized = count
    }
  }

  @unsafe private static func fill(_ bytes: UnsafeMutableRawBufferPointer) -> Bool {
    unsafe RAND_bytes(bytes.bindMemory(to: UInt8.self).baseAddress, Int32(bytes.count)) == 1
  }
}
