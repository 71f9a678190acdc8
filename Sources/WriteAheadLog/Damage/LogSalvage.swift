/// The part of a damaged log that can be saved: everything before the first damage.
///
/// Nothing is ever deleted.
package struct LogSalvage: Sendable {
  /// The segment with the first damage.
  package let segment: String
  package let offset: UInt64
  package let what: String
  /// The last of the records from 1 on that are whole; 0 for none.
  package let keptSequence: UInt64
  /// The position at which a segment is cut; a copy of the whole segment is kept.
  package let cut: LogPlace?
  /// The files that are renamed, with `damaged-` before their names, and are not read again.
  package let setAside: [String]
  /// The position at which the log continues if no segment of it is left.
  private let continuation: Continuation?
  private let epochMax: UInt32

  private struct Continuation {
    let identity: LogIdentity
    let firstSequence: UInt64
    let previous: UInt32
  }

  /// Makes the plan for a damaged log.
  ///
  /// The call makes the same checks as an opening, and changes nothing.
  ///
  /// - Parameters:
  ///   - storage: The folder of the log.
  ///   - visit: A closure that checks the records of each frame.
  /// - Returns: The plan, or nil for a log that would open, such as one with a mere torn tail.
  /// - Throws: `.io`, `.unsupportedVersion`.
  package static func plan(for storage: some LogStorage, visit: LogVisit) throws(LogError) -> LogSalvage? {
    var walk = try LogWalk(storage, onProgress: { _ in })
    do throws(LogError) {
      try walk.run(visit)
      return nil
    } catch {
      guard case .corrupt(let segment, let offset, let what) = error else { throw error }
      return LogSalvage(walk, segment: segment, offset: offset, what: what)
    }
  }

  private init(_ walk: LogWalk, segment: String, offset: UInt64, what: String) {
    self.segment = segment
    self.offset = offset
    self.what = what
    epochMax = walk.chain.epochMax
    let listing = walk.listing
    let isCheckpoint = !listing.segments.contains { LogListing.segmentName($0) == segment }
    let headerBytes = UInt64(LogFormat.fileHeaderBytes)
    let names = listing.neededSegments.map(LogListing.segmentName)
    let later = names.drop { $0 != segment }.dropFirst()
    var continuation: Continuation?
    if isCheckpoint {
      // The files that the damaged one replaced may still exist; the log then continues from those.
      let isReplaceable = !listing.obsoleteNames.isEmpty
      keptSequence = 0
      cut = nil
      setAside = [segment] + (isReplaceable ? [] : names)
    } else if offset >= headerBytes {
      keptSequence = walk.acceptedSequence
      cut = LogPlace(segment: segment, offset: offset)
      setAside = Array(later)
    } else {
      keptSequence = walk.acceptedSequence
      setAside = [segment] + later
      let last = walk.summary.segments.last { $0.name != segment }
      // Only the segment after it may follow a seal.
      cut = last.map { last in
        LogPlace(segment: last.name, offset: last.bytes - (last.isSealed ? UInt64(LogFormat.frameHeaderBytes) : 0))
      }
      if last == nil, let identity = walk.checkpointIdentity {
        continuation = Continuation(
          identity: identity, firstSequence: walk.acceptedSequence + 1, previous: walk.checkpointPrevious)
      }
    }
    self.continuation = continuation
  }

  /// Carries out the plan, and leaves a mark that keeps the log from being served before its sessions are settled.
  ///
  /// Another plan afterwards can find more to do. The call takes the lock, and can be repeated after a crash: finished
  /// steps are not repeated.
  ///
  /// - Returns: The names of the files that keep what was cut off or set aside.
  package func apply(to storage: some LogStorage) throws(LogError) -> [String] {
    let lock = try storage.lock()
    defer { withExtendedLifetime(lock) {} }
    try RollbackMark.set(in: storage)
    var kept: [String] = []
    if let cut {
      let name = try unusedName("damaged-\(cut.segment)", in: storage)
      let source = try storage.open(cut.segment, for: .writing)
      let copy = try storage.open(name, for: .creating)
      try source.copy(from: 0, bytes: try source.size(), to: copy)
      try storage.syncDirectory()
      try source.truncate(to: cut.offset)
      try source.sync()
      kept.append(name)
    }
    for name in setAside.reversed() {
      let newName = try unusedName("damaged-\(name)", in: storage)
      try storage.rename(name, to: newName)
      kept.append(newName)
    }
    if let continuation {
      let header = FileHeader(
        kind: .segment, epoch: epochMax, identity: continuation.identity, sequence: continuation.firstSequence,
        previous: continuation.previous)
      _ = try NewSegment.make(header, in: storage)
    }
    try storage.syncDirectory()
    return kept
  }

  private func unusedName(_ name: String, in storage: some LogStorage) throws(LogError) -> String {
    try LogListing.unusedName(name, among: storage.names())
  }
}
