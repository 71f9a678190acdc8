import SystemPackage
import TokenLedger
import WriteAheadLog

/// The records of a log as they are written, read beside its server without its lock.
struct LogFeed {
  /// The figures of everything that was read so far.
  struct Totals {
    /// The sequence of the last record.
    var sequence: UInt64 = 0
    var frames: UInt64 = 0
    /// The bytes of frames with their headers, including those of a checkpoint.
    var bytes: UInt64 = 0
  }

  /// The outcome of one reading of the log.
  struct Step {
    /// True if the log continued without this reader, and was read again from its beginning.
    var wasReadAgain = false
    /// The records that were not shown, because a checkpoint had replaced them by then.
    var missed: ClosedRange<UInt64>?
  }

  private let folder: FilePath
  private var follower: LogFollower?
  private var reader = LedgerRecordReader()
  private(set) var totals = Totals()

  init(folder: FilePath) {
    self.folder = folder
  }

  var liveSessions: Int { reader.liveSessionCount }

  /// Reads the existing records, with a bar.
  ///
  /// `visit` is called with each record, `visitEntry` with each entry of a checkpoint.
  mutating func begin(
    _ visit: ((LedgerRecord) -> Void)? = nil, entry visitEntry: ((LedgerRecord) -> Void)? = nil
  ) throws(CommandError) {
    let total = try LogSurvey.requireLog(in: folder)
    var bar = ProgressBar(label: "reading the log")
    var (reader, totals) = (LedgerRecordReader(), Totals())
    do {
      let follower = try LogFollower(storage: FolderStorage(path: folder)) { (frame, payload) throws(RecordError) in
        totals.note(frame)
        bar.show(totals.bytes, of: total)
        try reader.read(frame, payload, visit: frame.kind == .records ? visit : visitEntry)
      }
      totals.sequence = follower.summary.lastSequence
      self.follower = follower
    } catch {
      throw LogFeed.failure(error, folder)
    }
    (self.reader, self.totals) = (reader, totals)
  }

  /// Passes the records that were written since the last reading to `visit`.
  mutating func advance(_ visit: @escaping (LedgerRecord) -> Void) throws(CommandError) -> Step {
    guard var follower else { return Step() }
    var (reader, totals) = (reader, totals)
    let goesOn: Bool
    do {
      goesOn = try follower.advance { (frame, payload) throws(RecordError) in
        totals.note(frame)
        try reader.read(frame, payload, visit: visit)
      }
    } catch {
      throw LogFeed.failure(error, folder)
    }
    self.follower = follower
    (self.reader, self.totals) = (reader, totals)
    if goesOn { return Step() }
    let seen = totals.sequence
    var next: UInt64?
    try begin { record in
      guard record.sequence > seen else { return }
      if next == nil { next = record.sequence }
      visit(record)
    }
    let last = next.map { $0 - 1 } ?? self.totals.sequence
    return Step(wasReadAgain: true, missed: last > seen ? seen + 1...last : nil)
  }

  private static func failure(_ failure: LogError, _ folder: FilePath) -> CommandError {
    guard failure.isMissingFile else { return CommandError(failure) }
    return CommandError(.noInput, "\(folder): there is no log; name the server's data folder with --data")
  }
}

extension LogFeed.Totals {
  fileprivate mutating func note(_ frame: LogFrame) {
    frames += 1
    bytes += UInt64(frame.fileBytes)
    guard frame.kind == .records else { return }
    sequence = frame.firstSequence + UInt64(frame.recordCount) - 1
  }
}
