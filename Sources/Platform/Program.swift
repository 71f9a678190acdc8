internal import Glibc

/// This program as the system sees it.
package enum Program {
  package static var id: Int32 { getpid() }

  /// The id of the effective user.
  package static var userID: UInt32 { geteuid() }

  /// Ends the program, after running the exit handlers.
  package static func exit(_ status: Int32) -> Never { Glibc.exit(status) }

  /// Ends the program at once, without the exit handlers, which can wait for a disk.
  package static func exitAtOnce(_ status: Int32) -> Never { _exit(status) }

  /// Pauses the calling thread.
  package static func pause(microseconds: UInt32) { usleep(microseconds) }

  /// The seconds of processor time that the program has used.
  package static var processorSeconds: Double {
    var usage = rusage()
    guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    let seconds = Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
    return seconds + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1_000_000
  }
}

/// The machine on which the program runs.
package enum Machine {
  /// The release of the kernel.
  package static var kernelRelease: String {
    var name = utsname()
    unsafe uname(&name)
    return unsafe withUnsafeBytes(of: &name.release) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}

/// A limit that the system sets for this program.
package enum ResourceLimit: Sendable {
  case openFiles
  /// The limit of the bytes in one file.
  case fileSize

  private var number: __rlimit_resource_t {
    switch self {
    case .openFiles: __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    case .fileSize: __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
    }
  }

  /// The value in force and the highest one that the program can set, or nil if they are unknown.
  package var values: (current: UInt64, most: UInt64)? {
    var limit = rlimit()
    guard unsafe getrlimit(number, &limit) == 0 else { return nil }
    return (UInt64(limit.rlim_cur), UInt64(limit.rlim_max))
  }

  /// Raises the limit as far as the program can, and returns the value then in force.
  package func raise() -> UInt64? {
    guard let (current, most) = values else { return nil }
    guard current < most else { return current }
    var raised = rlimit(rlim_cur: rlim_t(most), rlim_max: rlim_t(most))
    return unsafe setrlimit(number, &raised) == 0 ? most : current
  }
}
