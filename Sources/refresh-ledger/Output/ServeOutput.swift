import Logging
import Platform
import Synchronization
import SystemPackage

/// The output of a server: log lines on the standard error output, texts for a person on the standard output. Only the
/// end of the process waits for their readers, for a bounded time.
final class ServeOutput: Sendable {
  /// The times that the end of the process waits for a reader that takes nothing, and for one that reads.
  private static let (stall, patience) = (Duration.milliseconds(500), Duration.seconds(3))

  let errors: OutputWriter
  /// The counter of lines that were dropped, on both.
  let dropped = CounterSeries()
  private let output: OutputWriter
  /// The moment by which the process must have ended, once a shutdown has begun.
  private let end = Mutex<ContinuousClock.Instant?>(nil)
  private let isEnding = Atomic(false)

  /// Takes the streams, and everything that is logged in this process. Can be called once in a process.
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
    // Of libraries that make loggers of their own.
    LoggingSystem.bootstrap { StreamLogHandler(label: $0, stream: errors) }
  }

  /// Prints a text for a person.
  func print(_ text: String) {
    output.put(text)
  }

  /// Sets a moment at which the process must have ended.
  func end(by moment: ContinuousClock.Instant) {
    end.withLock { $0 = moment }
  }

  /// Waits until everything is written or nobody reads it. Call it before the process ends; it returns false if it was
  /// called already.
  ///
  /// - Parameter complaint: the reason why the process ends, for the last line.
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

/// The patience with which the end of the process waits for the readers of the output: until a moment while they read,
/// a short time while they do not.
struct OutputPatience<Instant: InstantProtocol> {
  /// The longest time without a byte taken.
  let stall: Instant.Duration
  let end: Instant

  private var seen: (written: Int, time: Instant)?

  init(stall: Instant.Duration, end: Instant) {
    self.stall = stall
    self.end = end
  }

  /// Whether to go on waiting, at a moment at which as many bytes were written in all.
  mutating func lasts(at now: Instant, written: Int) -> Bool {
    if seen?.written != written { seen = (written, now) }
    guard now < end, let seen else { return false }
    return now < seen.time.advanced(by: stall)
  }
}
