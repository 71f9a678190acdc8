import Glibc
import Testing
import TokenAccounts
import TokenSigning

/// The end of a process while a thread of a pool still ends: the test runs in a process of its own.
@Suite struct ProcessEndTests {
  @Test("Once a pool has hashed a password, libcrypto is usable until the process has ended")
  func pool() async {
    await #expect(processExitsWith: .success) {
      // The handlers run in reverse, so that libcrypto's own would come before this one, which would crash for lack of
      // randomness.
      atexit {
        var random = OpenSSLRandom()
        _ = random.next()
      }
      _ = try await PasswordPool(workers: 1).hash("correct horse")
    }
  }
}
