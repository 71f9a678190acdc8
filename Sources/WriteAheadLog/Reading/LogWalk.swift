/// A reader of a log from its first frame to its end, which checks everything and changes nothing.
struct LogWalk {
  private enum SegmentEnd {
    case sealed(at: UInt64)
    case open(ResumePoint)
  }

  let listing: LogListing
  private(set) var summary = LogSummary()
  private(set) var chain = FrameChain()
  /// The position at which writing continues, or nil if there is no segment.
  private(set) var end: ResumePoint?
  /// The last but one segment if a crash kept it from being sealed although the next segment existed already.
  private(set) var unsealed: ResumePoint?
  private(set) var unproven = UnprovenFrames()
  /// The last record of the last frame that was admitted and that the visitor accepted.
  private(set) var acceptedSequence: UInt64 = 0
  /// The identity of the log from the checkpoint that was read.
  private(set) var checkpointIdentity: LogIdentity?
  private(set) var checkpointPrevious: UInt32 = 0
  private let storage: any LogStorage
  private let onProgress: (ReplayProgress) -> Void
  private var progress: (total: UInt64, reported: UInt64) = (0, 0)
  /// The number of rereads left for bytes that look wrong, since a writer can be in the middle of writing them.
  private var rereadsLeft: Int
  /// The open files that are still to be read: a checkpoint can remove their names meanwhile.
  private var windows: [String: SegmentWindow] = [:]

  private static let progressStepBytes: UInt64 = 4 << 20

  /// Opens the files to read; `rereads` is the most rereads, 0 for the holder of the lock.
  init(
    _ storage: any LogStorage, rereads: Int = 0, onProgress: @escaping (ReplayProgress) -> Void
  ) throws(LogError) {
    self.storage = storage
    self.onProgress = onProgress
    rereadsLeft = rereads
    while true {
      let listing = LogListing(names: try storage.names())
      do throws(LogError) {
        for name in listing.neededNames { windows[name] = try SegmentWindow(name, in: storage) }
        self.listing = listing
        break
      } catch {
        guard rereadsLeft > 0, error.isMissingFile else { throw error }
        rereadsLeft -= 1
        windows = [:]
      }
    }
    progress.total = windows.values.reduce(0) { $0 + $1.size }
  }

  mutating func run(_ visit: LogVisit) throws(LogError) {
    var needed = Array(listing.neededSegments)
    if let covered = listing.checkpoints.last {
      try readCheckpoint(covered, visit)
      guard !needed.isEmpty else {
        throw .corrupt(
          segment: LogListing.checkpointName(covered), offset: 0, what: "the segment that must follow it is missing")
      }
    }
    var index = 0
    while index < needed.count {
      let first = needed[index]
      index += 1
      switch try readSegment(first, successors: needed[index...], visit) {
      case .open(let end) where index < needed.count: unsealed = end
      case .open(let end): self.end = end
      case .sealed(let place):
        if index == needed.count { needed += try successors(of: first) }
        guard index < needed.count, needed[index] == chain.nextSequence else {
          let missing = LogListing.segmentName(chain.nextSequence)
          throw .corrupt(
            segment: LogListing.segmentName(first), offset: place, what: "the seal names \(missing), which is missing")
        }
      }
    }
    finish()
  }

  private mutating func finish() {
    summary.lastSequence = chain.nextSequence - 1
    summary.identity = chain.identity
    summary.epoch = chain.epochMax
    summary.wasClosedCleanly = chain.wasClosedCleanly && summary.tornTail == nil
    onProgress(ReplayProgress(bytesRead: progress.total, bytesTotal: progress.total, records: summary.records))
  }

  /// Returns the segments after this one, since a writer can have made one after the folder was listed.
  private func successors(of first: UInt64) throws(LogError) -> ArraySlice<UInt64> {
    guard rereadsLeft > 0 else { return [] }
    return LogListing(names: try storage.names()).segments.drop { $0 <= first }
  }
}

// MARK: - Segments

extension LogWalk {
  private mutating func readSegment(
    _ first: UInt64, successors: ArraySlice<UInt64>, _ visit: LogVisit
  ) throws(LogError) -> SegmentEnd {
    let name = LogListing.segmentName(first)
    var window = try takeWindow(name)
    let (fileHeader, checksum) = try window.readFileHeader()
    do throws(FrameChain.Break) {
      try chain.admitSegment(fileHeader, checksum: checksum, firstSequence: first)
    } catch {
      // The segment follows something at the end of the one before it: a close that is gone.
      if let unsealed, fileHeader.sequence == first, fileHeader.previous != chain.value {
        let before = LogListing.segmentName(unsealed.firstSequence)
        throw .corrupt(segment: before, offset: unsealed.offset, what: "what \(name) follows is missing here")
      }
      throw .corrupt(segment: name, offset: 0, what: error.what)
    }
    summary.segments.append(LogSummary.Segment(name: name, firstSequence: first, bytes: 0))
    unproven.beginSegment()
    var scan = SegmentScan(window, seed: chain.checksumSeed)
    var offset = UInt64(LogFormat.fileHeaderBytes)
    while true {
      switch try scan.read(at: offset) {
      case .frame(let header, let checksum):
        let place = LogPlace(segment: name, offset: offset)
        try admit(header, checksum: checksum, scan.payload, at: place, visit)
        unproven.admit(header, segment: first, offset: offset)
        offset += UInt64(header.frameBytes)
        guard header.kind == .seal else { continue }
        guard try scan.window.isZero(from: offset) else {
          throw .corrupt(segment: name, offset: offset, what: "the segment goes on after its seal")
        }
        note(segmentBytes: offset, isSealed: true)
        return .sealed(at: place.offset)
      case .end:
        if successors.isEmpty { break }
        if try isWithoutFrames(successors) { break }
        if try mayReread(&scan) { continue }
        throw .corrupt(segment: name, offset: offset, what: "records or the seal are missing before the next segment")
      case .bad(let bad):
        if try mayReread(&scan) { continue }
        try judge(bad, at: LogPlace(segment: name, offset: offset), successors: successors, &scan.window)
      }
      note(segmentBytes: offset, isSealed: false)
      return .open(
        ResumePoint(
          firstSequence: first, version: fileHeader.version, offset: offset, fileBytes: scan.window.size,
          previous: chain.value,
          carried: fileHeader.previous))
    }
  }

  /// Notes a torn tail.
  ///
  /// - Throws: `.corrupt` if the bytes are not a torn tail.
  private mutating func judge(
    _ bad: SegmentScan.BadFrame, at place: LogPlace, successors: ArraySlice<UInt64>, _ window: inout SegmentWindow
  ) throws(LogError) {
    if !successors.isEmpty {
      guard try isWithoutFrames(successors) else {
        throw .corrupt(segment: place.segment, offset: place.offset, what: bad.what)
      }
    }
    let verdict = try TailVerdict.judge(bad, at: place.offset, chain: chain, in: &window)
    if case .corrupt(let what) = verdict {
      throw .corrupt(segment: place.segment, offset: place.offset, what: what)
    }
    if let header = bad.header { chain.note(header.epoch) }
    summary.tornTail = TornTail(
      place: place, bytes: try window.contentEnd(from: place.offset) - place.offset, copy: nil)
  }

  /// Checks whether the only successor follows at this position and has no frame: the seal was then about to be
  /// written.
  private func isWithoutFrames(_ successors: ArraySlice<UInt64>) throws(LogError) -> Bool {
    guard successors.count == 1, let successor = successors.first, successor == chain.nextSequence else { return false }
    let name = LogListing.segmentName(successor)
    let opened = windows[name]
    var window = if let opened { opened } else { try SegmentWindow(name, in: storage) }
    if rereadsLeft > 0 { try window.refresh() }
    return try window.isZero(from: UInt64(LogFormat.fileHeaderBytes))
  }

  private mutating func takeWindow(_ name: String) throws(LogError) -> SegmentWindow {
    guard var window = windows.removeValue(forKey: name) else { return try SegmentWindow(name, in: storage) }
    if rereadsLeft > 0 { try window.refresh() }
    return window
  }

  private mutating func mayReread(_ scan: inout SegmentScan) throws(LogError) -> Bool {
    guard rereadsLeft > 0 else { return false }
    rereadsLeft -= 1
    try scan.window.refresh()
    return true
  }

  private mutating func note(segmentBytes: UInt64, isSealed: Bool) {
    let last = summary.segments.count - 1
    summary.segments[last].bytes = segmentBytes
    summary.segments[last].isSealed = isSealed
    summary.bytes += segmentBytes
  }
}

// MARK: - Checkpoints, headers, frames

extension LogWalk {
  private mutating func readCheckpoint(_ covered: UInt64, _ visit: LogVisit) throws(LogError) {
    let name = LogListing.checkpointName(covered)
    var window = try takeWindow(name)
    let (fileHeader, checksum) = try window.readFileHeader()
    var offset: UInt64 = 0
    do throws(FrameChain.Break) {
      try chain.admitCheckpoint(fileHeader, checksum: checksum, covered: covered)
    } catch {
      throw .corrupt(segment: name, offset: 0, what: error.what)
    }
    var scan = SegmentScan(window, seed: chain.checksumSeed)
    offset = UInt64(LogFormat.fileHeaderBytes)
    var isComplete = false
    while !isComplete {
      guard case .frame(let header, let checksum) = try scan.read(at: offset) else {
        throw .corrupt(segment: name, offset: offset, what: "the checkpoint is damaged")
      }
      try admit(
        header, checksum: checksum, scan.payload, at: LogPlace(segment: name, offset: offset), covered: covered, visit)
      offset += UInt64(header.frameBytes)
      isComplete = header.kind == .close
    }
    guard offset == scan.window.size else {
      throw .corrupt(segment: name, offset: offset, what: "the checkpoint goes on after its end")
    }
    do throws(FrameChain.Break) {
      try chain.finishCheckpoint(covered: covered, previous: fileHeader.previous)
    } catch {
      throw .corrupt(segment: name, offset: 0, what: error.what)
    }
    acceptedSequence = covered
    (checkpointIdentity, checkpointPrevious) = (fileHeader.identity, fileHeader.previous)
    summary.checkpointSequence = covered
    summary.bytes += offset
  }

  private mutating func admit(
    _ header: FrameHeader, checksum: UInt32, _ payload: [UInt8], at place: LogPlace, covered: UInt64? = nil,
    _ visit: LogVisit
  ) throws(LogError) {
    do throws(FrameChain.Break) {
      try chain.admit(header, checksum: checksum, covered: covered)
    } catch {
      throw .corrupt(segment: place.segment, offset: place.offset, what: error.what)
    }
    guard header.kind.carriesRecords || covered != nil else { return }
    let kind: LogFrame.Kind =
      switch header.kind {
      case .records: .records
      case .checkpoint: .checkpoint
      case .seal, .close: .checkpointEnd
      }
    let frame = LogFrame(
      kind: kind, firstSequence: header.firstSequence,
      recordCount: Int(header.recordCount), epoch: header.epoch, watermark: header.watermark, place: place,
      fileBytes: header.frameBytes)
    do throws(RecordError) {
      try visit(frame, payload.span)
    } catch {
      let what = "the record at byte \(error.byteOffsetInPayload) of the frame's payload: \(error.what)"
      throw .corrupt(segment: place.segment, offset: place.offset, what: what)
    }
    guard header.kind.carriesRecords else { return }
    summary.frames += 1
    if covered == nil {
      acceptedSequence = chain.nextSequence - 1
      summary.records += UInt64(frame.recordCount)
      summary.segments[summary.segments.count - 1].frames += 1
    }
    let read = summary.bytes + place.offset
    if read >= progress.reported + Self.progressStepBytes {
      progress.reported = read
      onProgress(ReplayProgress(bytesRead: read, bytesTotal: max(read, progress.total), records: summary.records))
    }
  }
}
