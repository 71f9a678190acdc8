internal import Glibc

/// This program as the system sees it.
package enum Program {
  package static var id: Int32 { getpid() }

  /// Whose rights it has.
  package static var userID: UInt32 { geteuid() }

  /// Ends it, after what has been asked to happen at an exit.
  package static func exit(_ status: Int32) -> Never { Glibc.exit(status) }

  /// Ends it and nothing else: what happens at an exit can wait for a disk.
  package static func exitAtOnce(_ status: Int32) -> Never { _exit(status) }

  /// Holds up the calling thread.
  package static func pause(microseconds: UInt32) { usleep(microseconds) }

  /// Seconds of processor time that it has used.
  package static var processorSeconds: Double {
    var usage = rusage()
    guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    let seconds = Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
    return seconds + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1_000_000
  }
}

/// The machine that it runs on.
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

/// A limit that the system sets this program.
package enum ResourceLimit: Sendable {
  case openFiles
  /// Bytes of one file.
  case fileSize

  private var number: __rlimit_resource_t {
    switch self {
    case .openFiles: __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    case .fileSize: __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
    }
  }

  /// The value in force, and the one that the program may raise it to; nil if it cannot be asked.
  package var values: (current: UInt64, most: UInt64)? {
    var limit = rlimit()
    guard unsafe getrlimit(number, &limit) == 0 else { return nil }
    return (UInt64(limit.rlim_cur), UInt64(limit.rlim_max))
  }

  /// Raises it as far as the program may; returns what is in force then.
  package func raise() -> UInt64? {
    guard let (current, most) = values else { return nil }
    guard current < most else { return current }
    var raised = rlimit(rlim_cur: rlim_t(most), rlim_max: rlim_t(most))
    return unsafe setrlimit(number, &raised) == 0 ? most : current
  }
}
