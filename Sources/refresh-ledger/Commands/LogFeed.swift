import SystemPackage
import TokenLedger
import WriteAheadLog

/// The records of a log as they are written, read beside its server without its lock.
struct LogFeed {
  /// What was read so far.
  struct Totals {
    /// The last record.
    var sequence: UInt64 = 0
    var frames: UInt64 = 0
    /// Of frames with their headers, those of a checkpoint included.
    var bytes: UInt64 = 0
  }

  private let folder: FilePath
  private var follower: LogFollower?
  private var reader = LedgerRecordReader()
  private(set) var totals = Totals()

  init(folder: FilePath) {
    self.folder = folder
  }

  var liveSessions: Int { reader.liveSessionCount }

  /// Reads what there is, with a bar. `visit` sees each record, none of the entries of a checkpoint, `visitEntry` those.
  mutating func begin(
    _ visit: ((LedgerRecord) -> Void)? = nil, entry visitEntry: ((LedgerRecord) -> Void)? = nil
  ) throws(CommandFailure) {
    let total = try LogSurvey.requireLog(in: folder)
    var bar = ProgressBar(label: "reading the log")
    var (reader, totals) = (LedgerRecordReader(), Totals())
    do {
      let follower = try LogFollower(storage: FolderStorage(path: folder)) { (frame, payload) throws(RecordRefusal) in
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

  /// Shows what was written since. Returns false where a part of that was in a checkpoint before it could be read: then what came after
  /// the checkpoint was shown.
  mutating func advance(_ visit: @escaping (LedgerRecord) -> Void) throws(CommandFailure) -> Bool {
    guard var follower else { return true }
    var (reader, totals) = (reader, totals)
    let goesOn: Bool
    do {
      goesOn = try follower.advance { (frame, payload) throws(RecordRefusal) in
        totals.note(frame)
        try reader.read(frame, payload, visit: visit)
      }
    } catch {
      throw LogFeed.failure(error, folder)
    }
    self.follower = follower
    (self.reader, self.totals) = (reader, totals)
    if goesOn { return true }
    let seen = totals.sequence
    try begin { if $0.sequence > seen { visit($0) } }
    return false
  }

  private static func failure(_ failure: LogFailure, _ folder: FilePath) -> CommandFailure {
    guard failure.isMissingFile else { return CommandFailure(failure) }
    return CommandFailure(.noInput, "\(folder): there is no log; name the server's data folder with --data")
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
