import Dispatch
import Platform
import Synchronization
import SystemPackage

/// A standard stream that nobody ever waits for: texts go into a bounded queue, and a thread of its own writes them.
///
/// The thread can stay in the middle of a write for ever, so nothing may wait for it without a bound.
final class OutputWriter: Sendable {
  private struct State {
    var queue = OutputQueue()
    /// The number of bytes written in total.
    var written = 0
    var sleeps = false
  }

  private let descriptor: FileDescriptor
  /// The counter of dropped lines.
  private let dropped: CounterSeries
  private let note: @Sendable (Int) -> String
  private let onFault: @Sendable (Errno) -> Void
  private let state = Mutex(State())
  private let wakeUp = DispatchSemaphore(value: 0)

  /// Creates a writer, whose thread does not run yet.
  ///
  /// `note` makes the line about a number of dropped lines, for the place where they are missing. `onFault` is called
  /// for a write that the system refuses, if the one before it was not refused.
  init(
    _ descriptor: FileDescriptor, dropped: CounterSeries, note: @escaping @Sendable (Int) -> String,
    onFault: @escaping @Sendable (Errno) -> Void = { _ in }
  ) {
    self.descriptor = descriptor
    self.dropped = dropped
    self.note = note
    self.onFault = onFault
  }

  /// Starts the thread, which runs until the process ends.
  func start() throws(CommandError) {
    let status = DetachedThread { self.run() }.start()
    guard status == 0 else {
      throw CommandError(
        .temporary,
        "cannot start a thread for the output: \(Errno(rawValue: status)); raise the limit of threads (ulimit -u)")
    }
  }

  /// Adds a text of whole lines.
  ///
  /// It never waits.
  func put(_ text: String) {
    let (lines, wakes) = state.withLock { state in
      let lines = state.queue.put(text)
      defer { state.sleeps = false }
      return (lines, state.sleeps)
    }
    if lines > 0 { dropped.increment(by: Int64(lines)) }
    if wakes { wakeUp.signal() }
  }

  /// Adds a drawing that a later one replaces, unless it would have to wait.
  func draw(_ text: String) {
    guard state.withLock({ $0.queue.isNearlyIdle }) else { return }
    put(text)
  }

  /// The progress: true if everything that can be written is written, and the number of bytes written in total.
  var progress: (isIdle: Bool, written: Int) {
    state.withLock { ($0.queue.isIdle, $0.written) }
  }

  private func run() {
    var wasRefused = false
    while true {
      guard let batch = takeOrSleep() else {
        wakeUp.wait()
        continue
      }
      let (written, refusal) = write(batch.bytes)
      if let refusal, !wasRefused { onFault(refusal) }
      wasRefused = refusal != nil
      let lines = state.withLock { $0.queue.settle(batch, written: written) }
      if lines > 0 { dropped.increment(by: Int64(lines)) }
    }
  }

  private func takeOrSleep() -> OutputQueue.Batch? {
    state.withLock { state in
      let batch = state.queue.next(note: note)
      state.sleeps = batch == nil
      return batch
    }
  }

  /// Writes all bytes, however long that takes, or as many as the system takes before it refuses the rest.
  private func write(_ bytes: [UInt8]) -> (written: Int, refusal: Errno?) {
    var written = 0
    while written < bytes.count {
      do {
        let count = try bytes[written...].withUnsafeBytes { try descriptor.write($0) }
        written += count
        state.withLock { $0.written += count }
      } catch Errno.resourceTemporarilyUnavailable {
        waitForRoom()
      } catch {
        return (written, error as? Errno ?? .ioError)
      }
    }
    return (written, nil)
  }

  /// Waits for room, for a descriptor that does not wait by itself.
  private func waitForRoom() {
    descriptor.waitForRoom()
    // For some devices `poll` reports room at once although there is none.
    Program.pause(microseconds: 5000)
  }
}

extension OutputWriter: TextOutputStream {
  func write(_ text: String) { put(text) }
}
