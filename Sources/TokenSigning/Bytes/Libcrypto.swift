internal import COpenSSL

/// libcrypto, as the whole process shares it.
package enum Libcrypto {
  /// Keeps libcrypto usable until the process has ended.
  ///
  /// By itself libcrypto cleans up at exit, and a thread that is just ending then, or still works, crashes the process.
  /// The first use of libcrypto in a process decides, so this is called before any other; a host that has used it
  /// before keeps what it has chosen. What is not freed goes with the process. Further calls cost an atomic read.
  package static func keepUntilExit() { ledger_keep_libcrypto() }
}
