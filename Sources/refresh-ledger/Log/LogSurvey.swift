import SystemPackage
import TokenLedger
import WriteAheadLog

/// One reading of a whole log: its summary, and the figures that the summary does not have.
struct LogSurvey {
  private(set) var summary: LogSummary
  /// The number of bytes of the decompressed payloads.
  private(set) var payloadBytes: UInt64 = 0
  /// The number of bytes of the frames with their headers, as they are in the files.
  private(set) var frameBytes: UInt64 = 0
  /// The sequence up to which all records were on disk when the last frame was written.
  private(set) var durableSequence: UInt64 = 0

  /// Reads the log in `folder`, with a bar on a terminal if it has a label.
  ///
  /// `visit` is called with each frame.
  init(
    folder: FilePath, label: String?,
    visit: (_ frame: LogFrame, _ payload: Span<UInt8>) throws(RecordError) -> Void = { _, _ in }
  ) throws(CommandError) {
    let storage = FolderStorage(path: folder)
    let total = try LogSurvey.requireLog(in: folder)
    var bar = ProgressBar(label: label ?? "", isWanted: label != nil)
    var (payloadBytes, frameBytes, durableSequence) = (UInt64(0), UInt64(0), UInt64(0))
    do {
      summary = try LogReader.read(storage: storage) { (frame, payload) throws(RecordError) in
        payloadBytes += UInt64(payload.count)
        frameBytes += UInt64(frame.fileBytes)
        durableSequence = max(durableSequence, frame.watermark)
        bar.show(frameBytes, of: total)
        try visit(frame, payload)
      }
    } catch {
      throw CommandError(error)
    }
    self.payloadBytes = payloadBytes
    self.frameBytes = frameBytes
    self.durableSequence = durableSequence
  }

  /// The number of record bytes for each byte of frames, or nil for an empty log.
  var compressionRatio: Double? {
    frameBytes == 0 ? nil : (Double(payloadBytes) * 100 / Double(frameBytes)).rounded() / 100
  }

  /// Returns the record that the newest checkpoint covers, or nil without one.
  static func newestCheckpoint(in storage: FolderStorage) throws(CommandError) -> UInt64? {
    do { return try LogReader.newestCheckpoint(in: storage) } catch { throw CommandError(error) }
  }

  /// Returns the number of bytes of the log in a folder.
  ///
  /// A folder that does not exist or has no log ends the command with 66.
  static func requireLog(in folder: FilePath) throws(CommandError) -> UInt64 {
    let storage = FolderStorage(path: folder)
    do throws(LogError) {
      return try LogReader.bytes(in: storage)
    } catch {
      guard !error.isMissingFile else {
        throw CommandError(.noInput, "\(storage.path): there is no log; name the server's data folder with --data")
      }
      throw CommandError(error)
    }
  }
}

extension DataFolderOption {
  /// Opens the ledger of the folder for a command that writes, with a bar while the log is replayed.
  ///
  /// Returns nil if another process has it open; a folder without a log ends the command with 66.
  func openLedger() async throws(CommandError) -> RefreshLedger? {
    _ = try LogSurvey.requireLog(in: logFolder)
    var bar = ProgressBar(label: "replaying the log")
    do throws(LogError) {
      return try await RefreshLedger.open(folder: logFolder) { bar.show($0.bytesRead, of: $0.bytesTotal) }.ledger
    } catch {
      if case .locked = error { return nil }
      throw CommandError(error)
    }
  }
}
