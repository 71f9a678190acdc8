import Glibc
import SystemPackage

/// The descriptors 0, 1 and 2 of this process.
enum StandardStreams {
  /// Opens `/dev/null` where one is closed: else a file of the log could get its number, and messages would be written into it.
  static func fillGaps() {
    while true {
      let opened = open("/dev/null", O_RDWR)
      guard (0...2).contains(opened) else {
        if opened > 2 { close(opened) }
        return
      }
    }
  }

  /// Makes writes to a pipe or a terminal fail where they had to wait: also those of the runtime, which tells of a crash before it ends
  /// the process.
  ///
  /// By opening it anew. `O_NONBLOCK` on what we were given would be seen by all who share it, such as the shell that started us.
  static func neverWait() {
    for stream in [FileDescriptor.standardOutput, .standardError] where mayWait(stream) {
      // Fails for a socket, and where the pipe belongs to another user. Then a crash may wait for the reader; log lines do not, since a thread writes them.
      let opened = open("/proc/self/fd/\(stream.rawValue)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
      guard opened >= 0 else { continue }
      dup2(opened, stream.rawValue)
      close(opened)
    }
  }

  /// A pipe, a socket or a terminal; a file never makes a writer wait for another program, and its offset belongs to what we were given.
  private static func mayWait(_ stream: FileDescriptor) -> Bool {
    lseek(stream.rawValue, 0, SEEK_CUR) < 0 && errno == ESPIPE
  }
}
