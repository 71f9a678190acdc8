import Logging
import Platform
import Synchronization
import SystemPackage

/// The output of a server: log lines on the standard error output, texts for people on the standard output.
///
/// Only the end of the process waits for their readers, for a bounded time.
final class ServeOutput: Sendable {
  /// The times for which the end of the process waits: for a reader that takes nothing, and for one that reads.
  private static let (stall, patience) = (Duration.milliseconds(500), Duration.seconds(3))

  let errors: OutputWriter
  /// The counter of lines that were dropped, on both streams.
  let dropped = CounterSeries()
  private let output: OutputWriter
  /// The time by which the process must have ended, once a shutdown has begun.
  private let end = Mutex<ContinuousClock.Instant?>(nil)
  private let isEnding = Atomic(false)

  /// Takes over the streams and all log lines of this process.
  ///
  /// It can be called once in a process.
  init() throws(CommandError) {
    StandardStreams.neverWait()
    let missing: @Sendable (Int) -> String = { count in
      let lines = FigureText.counted(count, "line") + (count == 1 ? " was" : " were")
      return "\(lines) dropped here: this output was not read in time, or could not be written"
    }
    let errors = OutputWriter(.standardError, dropped: dropped) { LogOutput.line(missing($0)) }
    self.errors = errors
    output = OutputWriter(.standardOutput, dropped: dropped) {
      missing($0) + "\n"
    } onFault: { refusal in
      errors.write(
        LogOutput.line(
          "what is for the standard output cannot be written there: \(refusal); free space, or read the pipe"))
    }
    try errors.start()
    try output.start()
    // This covers libraries that make loggers of their own.
    LoggingSystem.bootstrap { StreamLogHandler(label: $0, stream: errors) }
  }

  /// Prints a text for people.
  func print(_ text: String) {
    output.put(text)
  }

  /// Sets the time by which the process must have ended.
  func end(by moment: ContinuousClock.Instant) {
    end.withLock { $0 = moment }
  }

  /// Waits until everything is written or nobody reads it.
  ///
  /// Call it before the process ends; it returns false if it was called already. `complaint` is the reason that the
  /// process ends, for the last line.
  @discardableResult
  func finish(_ complaint: String? = nil) -> Bool {
    guard !isEnding.exchange(true, ordering: .relaxed) else { return false }
    if let complaint { errors.put(Terminal.complaint(complaint)) }
    let now = ContinuousClock.now
    let latest = end.withLock { $0 } ?? now + ServeOutput.patience
    var patience = OutputPatience(stall: ServeOutput.stall, end: min(latest, now + ServeOutput.patience))
    while true {
      let (errors, output) = (errors.progress, output.progress)
      guard !(errors.isIdle && output.isIdle),
        patience.lasts(at: .now, written: errors.written + output.written)
      else { return true }
      Program.pause(microseconds: 1000)
    }
  }
}

/// The patience of the process's end with the readers of the output: until a given time while they read, and for a
/// short time while they do not.
struct OutputPatience<Instant: InstantProtocol> {
  /// The longest time in which no byte is taken.
  let stall: Instant.Duration
  let end: Instant

  private var seen: (written: Int, time: Instant)?

  init(stall: Instant.Duration, end: Instant) {
    self.stall = stall
    self.end = end
  }

  /// Returns true to continue waiting, at a moment when `written` bytes have been written in total.
  mutating func lasts(at now: Instant, written: Int) -> Bool {
    if seen?.written != written { seen = (written, now) }
    guard now < end, let seen else { return false }
    return now < seen.time.advanced(by: stall)
  }
}
