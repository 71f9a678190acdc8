/// A reader that reads a log to its end and continues with what is written after that, without the lock and without
/// changing anything.
package struct LogFollower {
  /// The most rereads of bytes that look wrong, since a writer can be in the middle of any write.
  private static let rereadsMax = 64

  /// The summary of what was read at the opening.
  package let summary: LogSummary
  private let storage: any LogStorage
  private var chain: FrameChain
  private var scan: SegmentScan
  private var offset: UInt64

  /// Passes every existing frame to `visit`, as `LogReader` does.
  ///
  /// - Throws: `.corrupt` at the first damage, `.unsupportedVersion`, `.io`; the last one also for a folder without a
  ///   segment.
  package init(storage: some LogStorage, visit: LogVisit) throws(LogError) {
    var walk = try LogWalk(storage, rereads: Self.rereadsMax, onProgress: { _ in })
    try walk.run(visit)
    let name = LogListing.segmentName(walk.end?.firstSequence ?? 1)
    summary = walk.summary
    self.storage = storage
    chain = walk.chain
    scan = SegmentScan(try SegmentWindow(name, in: storage), seed: walk.chain.checksumSeed)
    offset = walk.end?.offset ?? UInt64(LogFormat.fileHeaderBytes)
  }

  /// Passes the frames that were written since the last call to `visit`.
  ///
  /// Half-written bytes are left for a later call.
  ///
  /// - Returns: False if the log continued without this reader, which was too slow, or was replaced. Begin with a new
  ///   reader.
  /// - Throws: `.corrupt` if the new bytes do not follow those before them, or `visit` refuses a record; `.io`.
  package mutating func advance(_ visit: LogVisit) throws(LogError) -> Bool {
    try scan.window.refresh()
    var wasRemoved = false
    while true {
      guard scan.window.size >= offset else { return false }
      guard case .frame(let header, let checksum) = try scan.read(at: offset) else {
        if try storage.names().contains(scan.window.name) { return true }
        // A checkpoint has replaced the segment, which can still be read up to its seal.
        if wasRemoved { return false }
        wasRemoved = true
        try scan.window.refresh()
        continue
      }
      try admit(header, checksum: checksum, visit)
      offset += UInt64(header.frameBytes)
      if header.kind == .seal, try !moveOn() { return false }
    }
  }

  private mutating func admit(_ header: FrameHeader, checksum: UInt32, _ visit: LogVisit) throws(LogError) {
    let place = LogPlace(segment: scan.window.name, offset: offset)
    do throws(FrameChain.Break) {
      try chain.admit(header, checksum: checksum)
    } catch {
      throw .corrupt(segment: place.segment, offset: place.offset, what: error.what)
    }
    guard header.kind == .records else { return }
    let frame = LogFrame(
      kind: .records, firstSequence: header.firstSequence, recordCount: Int(header.recordCount), epoch: header.epoch,
      watermark: header.watermark, place: place, fileBytes: header.frameBytes)
    do throws(RecordError) {
      try visit(frame, scan.payload.span)
    } catch {
      throw .corrupt(segment: place.segment, offset: place.offset, what: error.what)
    }
  }

  /// Moves to the next segment, which exists before the seal does.
  ///
  /// Returns false if a checkpoint has removed it already.
  private mutating func moveOn() throws(LogError) -> Bool {
    let first = chain.nextSequence
    let name = LogListing.segmentName(first)
    var window: SegmentWindow
    do throws(LogError) {
      window = try SegmentWindow(name, in: storage)
    } catch {
      guard error.isMissingFile else { throw error }
      return false
    }
    let (header, checksum) = try window.readFileHeader()
    do throws(FrameChain.Break) {
      try chain.admitSegment(header, checksum: checksum, firstSequence: first)
    } catch {
      throw .corrupt(segment: name, offset: 0, what: error.what)
    }
    scan = SegmentScan(window, seed: chain.checksumSeed)
    offset = UInt64(LogFormat.fileHeaderBytes)
    return true
  }
}
