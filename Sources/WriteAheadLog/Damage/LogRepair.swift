/// The repair that an opening for writing makes after a walk of the log: docs/wal-format.md section 3.2, last part.
struct LogRepair {
  let storage: any LogStorage
  /// The epoch of this opening.
  let epoch: UInt32

  /// Cuts off a torn tail, completes a missing seal, removes what is no longer needed, and makes everything that was
  /// accepted durable.
  ///
  /// - Returns: The position at which writing continues, and the torn tail with the name of its copy.
  func run(_ walk: LogWalk, end: ResumePoint) throws(LogError) -> (end: ResumePoint, tornTail: TornTail?) {
    let tornTail = try walk.summary.tornTail.map { tail throws(LogError) in try cut(tail) }
    if let unsealed = walk.unsealed {
      // The seal states that the next segment exists; after a mere kill the name of that may be only in memory.
      try storage.syncDirectory()
      try seal(unsealed, walk)
    }
    for (first, offset) in walk.unproven.starts { try writeAgain(LogListing.segmentName(first), from: offset, walk) }
    let name = LogListing.segmentName(end.firstSequence)
    let file = try storage.open(name, for: .writing)
    try storage.syncDirectory()
    for name in walk.listing.obsoleteNames + walk.listing.unfinished {
      try storage.remove(name)
    }
    let repaired = ResumePoint(
      firstSequence: end.firstSequence, version: end.version, offset: end.offset, fileBytes: try file.size(),
      previous: end.previous, carried: end.carried)
    return (repaired, tornTail)
  }

  /// Writes the contents of a segment from `offset` on, and its size, again and makes them durable.
  ///
  /// The bytes do not change, so a crash in between does no harm.
  private func writeAgain(_ name: String, from offset: UInt64, _ walk: LogWalk) throws(LogError) {
    guard let end = walk.summary.segments.last(where: { $0.name == name })?.bytes, end > offset else { return }
    let file = try storage.open(name, for: .writing)
    try file.copy(from: offset, bytes: end - offset, to: file, at: offset)
    let size = try file.size()
    let zeroes = [UInt8](repeating: 0, count: Int(LogFormat.sectorBytes))
    try file.writeAll(zeroes.span, at: size)
    try file.truncate(to: size)
    try file.sync()
  }

  private func cut(_ tail: TornTail) throws(LogError) -> TornTail {
    var copied = tail
    // An opening that wrote nothing leaves its epoch to the next one, so the name may be taken.
    let name = LogListing.unusedName(
      "torn-\(tail.place.segment)-\(tail.place.offset)-\(epoch)", among: try storage.names())
    copied.copy = name
    let source = try storage.open(tail.place.segment, for: .writing)
    let copy = try storage.open(name, for: .creating)
    try source.copy(from: tail.place.offset, bytes: tail.bytes, to: copy)
    try storage.syncDirectory()
    try source.truncate(to: tail.place.offset)
    try source.sync()
    return copied
  }

  private func seal(_ unsealed: ResumePoint, _ walk: LogWalk) throws(LogError) {
    let header = FrameHeader(
      kind: .seal, epoch: epoch, firstSequence: walk.chain.nextSequence, watermark: walk.chain.nextSequence - 1,
      recordCount: 0, payloadBytes: 0, storedBytes: 0, payloadChecksum: 0, previous: unsealed.previous)
    var bytes: [UInt8] = []
    _ = header.encode(to: &bytes, seed: walk.chain.checksumSeed)
    let file = try storage.open(LogListing.segmentName(unsealed.firstSequence), for: .writing)
    try file.truncate(to: unsealed.offset)
    try file.writeAll(bytes.span, at: unsealed.offset)
    try file.sync()
  }
}
