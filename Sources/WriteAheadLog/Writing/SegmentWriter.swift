internal import Platform

/// A writer that appends frames to the last segment, and begins new segments.
///
/// Only the log's thread uses the writer.
struct SegmentWriter {
  /// Frames are gathered up to this many bytes for one write.
  private static let gatheredBytesMax = 1 << 20

  let identity: LogIdentity
  let epoch: UInt32
  /// The sequence that the next frame begins with.
  private(set) var nextSequence: UInt64
  private(set) var statistics = LogStatistics()
  private let storage: any LogStorage
  private let options: LogOptions
  private var firstSequence: UInt64
  /// The chain value that the current segment's header carries.
  private var carried: UInt32
  private var file: any LogFile
  /// The place where the gathered bytes will be written.
  private var offset: UInt64
  /// The end of what is zero in the file from `offset` on.
  private var zeroedEnd: UInt64
  private var encoder: FrameEncoder
  private var gathered: [UInt8] = []
  private var hasUnsynced = false
  private let zeroes: [UInt8]

  /// Continues in an existing segment, whose content must be synced already.
  init(
    _ storage: any LogStorage, options: LogOptions, identity: LogIdentity, epoch: UInt32, end: ResumePoint,
    nextSequence: UInt64, segments: Int
  ) throws(LogError) {
    self.storage = storage
    self.options = options
    self.identity = identity
    self.epoch = epoch
    self.nextSequence = nextSequence
    statistics.syncedSequence = nextSequence - 1
    statistics.segments = segments
    firstSequence = end.firstSequence
    carried = end.carried
    file = try storage.open(LogListing.segmentName(firstSequence), for: .writing)
    offset = end.offset
    zeroedEnd = max(end.offset, end.fileBytes)
    encoder = FrameEncoder(identity: identity, epoch: epoch, chain: end.previous)
    zeroes = Array(repeating: 0, count: min(max(options.preallocationBytes, 1), 1 << 18))
  }

  var hasUnsyncedRecords: Bool { statistics.syncedSequence < nextSequence - 1 }

  /// Bytes of the segment so far, gathered ones included.
  private var segmentBytes: UInt64 { offset + UInt64(gathered.count) }

  /// Adds a frame, whose payload has 1 byte to 1 MiB; it reaches the file with `flush` at the latest.
  mutating func append(_ payload: Span<UInt8>, recordCount: UInt32) throws(LogError) {
    if segmentBytes >= UInt64(max(0, options.segmentBytesMax)) { try beginSegment() }
    encoder.append(
      .records, payload, recordCount: recordCount, firstSequence: nextSequence, watermark: statistics.syncedSequence,
      to: &gathered)
    nextSequence += UInt64(recordCount)
    statistics.frames += 1
    statistics.records += UInt64(recordCount)
    if gathered.count >= Self.gatheredBytesMax { try flush() }
  }

  /// Hands what was gathered to the operating system.
  mutating func flush() throws(LogError) {
    guard !gathered.isEmpty else { return }
    let end = segmentBytes
    try file.writeAll(gathered.span, at: offset)
    statistics.bytesWritten += UInt64(gathered.count)
    offset = end
    zeroedEnd = max(zeroedEnd, end)
    gathered.removeAll(keepingCapacity: true)
    hasUnsynced = true
  }

  /// Flushes, and returns once all of it is on disk.
  mutating func sync() throws(LogError) {
    try flush()
    guard hasUnsynced else { return }
    try file.sync()
    statistics.syncs += 1
    hasUnsynced = false
    statistics.syncedSequence = nextSequence - 1
  }

  /// Writes zeroes ahead when fewer than half a step of them are left, so that a sync need not flush a new size.
  mutating func zeroAhead() throws(LogError) {
    let step = UInt64(max(0, options.preallocationBytes))
    guard zeroedEnd - offset < step / 2, offset < UInt64(max(0, options.segmentBytesMax)) else { return }
    let end = zeroedEnd + step
    while zeroedEnd < end {
      let count = Int(min(UInt64(zeroes.count), end - zeroedEnd))
      try file.writeAll(zeroes.span.extracting(0..<count), at: zeroedEnd)
      zeroedEnd += UInt64(count)
    }
    hasUnsynced = true
  }

  /// Ends the segment, unless it has no record yet, and continues in a new one; docs/wal-format.md section 2.4 gives
  /// the reason for the order of the steps.
  mutating func beginSegment(in unnamed: UnnamedSegment? = nil) throws(LogError) {
    guard nextSequence > firstSequence else {
      unnamed?.abandon()
      return
    }
    try sync()
    let old = file
    try goOn(inSegmentAfter: encoder.chain, unnamed) { writer throws(LogError) in
      writer.appendMark(.seal)
      try writer.sync()
      // No sync follows, since zeroes may stand after a seal, and a new size would have to wait for the journal.
      try old.truncate(to: writer.offset)
    }
    statistics.segments += 1
  }

  /// Continues in a segment of the newest format.
  ///
  /// A segment that has no record yet, and so perhaps a close at most, is replaced: the new one has its name and its
  /// place in the chain.
  mutating func renewSegment() throws(LogError) {
    guard nextSequence == firstSequence else { return try beginSegment() }
    try goOn(inSegmentAfter: carried) { (_) throws(LogError) in }
  }

  /// Continues in a new segment, which carries the chain value `previous`.
  ///
  /// `finish` is called once the new segment exists, and ends the old one.
  private mutating func goOn(
    inSegmentAfter previous: UInt32, _ unnamed: UnnamedSegment? = nil,
    finish: (inout SegmentWriter) throws(LogError) -> Void
  ) throws(LogError) {
    let header = FileHeader(
      kind: .segment, epoch: epoch, identity: identity, sequence: nextSequence, previous: previous)
    let made = try NewSegment.make(header, unnamed, in: storage, room: options.preallocationBytes)
    try finish(&self)
    firstSequence = nextSequence
    // Opened by its name, since errors name a file as it was opened.
    file = try storage.open(LogListing.segmentName(nextSequence), for: .writing)
    carried = previous
    encoder.chain = made.checksum
    offset = UInt64(LogFormat.fileHeaderBytes)
    zeroedEnd = made.bytes
  }

  /// Ends the segment, so that a checkpoint can cover all before the next one, for which `unnamed` was made ahead.
  mutating func cut(_ unnamed: UnnamedSegment) throws(LogError) -> CheckpointBase {
    try beginSegment(in: unnamed)
    try sync()
    return CheckpointBase(
      covered: nextSequence - 1, identity: identity, epoch: epoch, bytesWritten: statistics.bytesWritten,
      previous: carried)
  }

  /// Makes everything durable and says that the log was closed cleanly.
  mutating func close() throws(LogError) {
    try sync()
    appendMark(.close)
    try flush()
    try file.truncate(to: offset)
    try sync()
  }

  private mutating func appendMark(_ kind: FrameHeader.Kind) {
    encoder.appendMark(kind, firstSequence: nextSequence, watermark: statistics.syncedSequence, to: &gathered)
  }
}
