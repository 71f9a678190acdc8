internal import Glibc
package import SystemPackage

/// A wake-up by which any thread can wake one that waits for a descriptor.
package final class WakeUp: Sendable {
  fileprivate let reading: CInt
  private let writing: CInt

  /// - Throws: `Errno` if the system has no descriptor left.
  package init() throws(Errno) {
    var ends: [CInt] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw .current }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    (reading, writing) = (ends[0], ends[1])
  }

  deinit {
    close(reading)
    close(writing)
  }

  /// Ends the wait that is under way, or else the next one.
  ///
  /// Any thread can post, and the call never blocks.
  package func post() {
    var byte: UInt8 = 1
    // A full pipe has been posted to already.
    _ = unsafe write(writing, &byte, 1)
  }

  fileprivate func clear() {
    var bytes = [UInt8](repeating: 0, count: 512)
    while unsafe read(reading, &bytes, bytes.count) == bytes.count {}
  }
}

/// The operations that a descriptor allows without waiting.
package struct Readiness: OptionSet, Sendable, Hashable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// There is something to read, or an end or an error that a read will report.
  package static let input = Readiness(rawValue: 1)
  /// There is room to write.
  package static let output = Readiness(rawValue: 2)
  /// Somebody has posted to the wake-up; the post is consumed.
  package static let wakeUp = Readiness(rawValue: 4)

  /// Waits for one of `wanted` on `descriptor`, or for a post to `wakeUp`.
  ///
  /// - Parameters:
  ///   - wanted: The operations to wait for: `input`, `output` or both.
  ///   - descriptor: The descriptor; a negative one is never ready.
  ///   - wakeUp: The wake-up whose posts end the wait too.
  ///   - deadline: The end of the wait; a past one makes the call check once without waiting.
  /// - Returns: The operations that are possible, or an empty set if the time is over. An end or an error of the
  ///   descriptor counts as `input`, wanted or not.
  /// - Throws: `Errno` if the system refuses the wait; an interrupted one goes on.
  package static func wait(
    for wanted: Readiness, of descriptor: CInt, orWakeBy wakeUp: WakeUp? = nil, until deadline: ContinuousClock.Instant
  ) throws(Errno) -> Readiness {
    var events: CInt = 0
    if wanted.contains(.input) { events |= POLLIN }
    if wanted.contains(.output) { events |= POLLOUT }
    // A negative descriptor is ignored.
    var polls = [
      pollfd(fd: descriptor, events: Int16(events), revents: 0),
      pollfd(fd: wakeUp?.reading ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      let status = unsafe poll(&polls, nfds_t(polls.count), milliseconds(until: deadline))
      if status == 0 && ContinuousClock.now >= deadline { return [] }
      if status < 0 {
        guard errno == EINTR else { throw .current }
        continue
      }
      if status > 0 { break }
    }
    var ready: Readiness = []
    let found = CInt(polls[0].revents)
    if found & (POLLIN | POLLERR | POLLHUP | POLLNVAL) != 0 { ready.insert(.input) }
    if found & POLLOUT != 0 { ready.insert(.output) }
    if polls[1].revents != 0, let wakeUp {
      wakeUp.clear()
      ready.insert(.wakeUp)
    }
    return ready
  }

  /// Returns the milliseconds until a deadline, rounded up so that a wait never ends early.
  private static func milliseconds(until deadline: ContinuousClock.Instant) -> CInt {
    let left = (deadline - .now).components
    guard left.seconds >= 0, left.attoseconds >= 0 else { return 0 }
    guard left.seconds < 1_000_000 else { return 1_000_000_000 }
    let nanoseconds = left.seconds * 1_000_000_000 + left.attoseconds / 1_000_000_000
    return CInt((nanoseconds + 999_999) / 1_000_000)
  }
}
