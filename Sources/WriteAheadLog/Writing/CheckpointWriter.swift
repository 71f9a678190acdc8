internal import Platform

/// A writer of one checkpoint beside the log: docs/wal-format.md, section 2.4, step 4.
///
/// The calls block, so that a writer belongs on a thread of its own. A failure leaves the log as it was: the file that
/// was begun is removed here or at the next opening.
package struct CheckpointWriter {
  /// The bytes that can wait in the system's memory: so much is written to the disk at a time, lest the log's own syncs
  /// wait behind all of it.
  ///
  /// The file is synced once, at its end. Each sync of a file that has grown commits the file system's journal, for
  /// which the log would wait too.
  private static let bytesInMemoryMax = 1 << 20

  private let storage: any LogStorage
  private let base: CheckpointBase
  private let file: any LogFile
  private var encoder: FrameEncoder
  private var gathered: [UInt8]
  private var offset: UInt64 = 0
  private var writtenOutEnd: UInt64 = 0

  private var name: String { LogListing.checkpointName(base.covered) }
  private var unfinishedName: String { name + LogListing.unfinishedSuffix }

  package init(_ base: CheckpointBase, in storage: any LogStorage) throws(LogError) {
    self.storage = storage
    self.base = base
    file = try storage.open(LogListing.checkpointName(base.covered) + LogListing.unfinishedSuffix, for: .creating)
    let header = FileHeader(
      kind: .checkpoint, epoch: base.epoch, identity: base.identity, sequence: base.covered, previous: base.previous)
    let encoded = header.encoded()
    let checksum = encoded.span.integer(UInt32.self, at: LogFormat.fileHeaderBytes - 4)
    gathered = encoded
    encoder = FrameEncoder(identity: base.identity, epoch: base.epoch, chain: checksum)
  }

  /// Writes a frame with `entryCount` whole entries, and the file to the disk after each MiB.
  ///
  /// The payload has 1 byte to 1 MiB.
  package mutating func append(_ payload: Span<UInt8>, entryCount: UInt32) throws(LogError) {
    encoder.append(
      .checkpoint, payload, recordCount: entryCount, firstSequence: base.covered, watermark: base.covered, to: &gathered
    )
    try flush()
    guard offset - writtenOutEnd >= UInt64(Self.bytesInMemoryMax) else { return }
    try file.writeOut(writtenOutEnd..<offset)
    writtenOutEnd = offset
  }

  /// Completes the file, makes it durable and gives it its name; returns its size.
  ///
  /// - Throws: `CheckpointError.unnamed` if the log is as it was; `.directory` if it is unknown whether the name lasts,
  ///   after which the files that the checkpoint replaces must not be removed.
  package mutating func finish() throws(CheckpointError) -> UInt64 {
    do throws(LogError) {
      encoder.appendMark(.close, firstSequence: base.covered, watermark: base.covered, to: &gathered)
      try flush()
      try file.sync()
      try storage.rename(unfinishedName, to: name)
    } catch {
      throw .unnamed(error)
    }
    do throws(LogError) { try storage.syncDirectory() } catch { throw .directory(error) }
    return offset
  }

  /// Removes the file that was begun.
  package func abandon() {
    try? storage.remove(unfinishedName)
  }

  /// Removes the segments and checkpoints that the newest checkpoint replaces; returns how many segments that were.
  ///
  /// To be called after `finish`. What is not removed, by a failure or a crash, is ignored and removed at the next
  /// opening.
  package static func removeReplaced(in storage: any LogStorage) throws(LogError) -> Int {
    let listing = LogListing(names: try storage.names())
    for name in listing.obsoleteNames { try storage.remove(name) }
    return listing.segments.count - listing.neededSegments.count
  }

  private mutating func flush() throws(LogError) {
    try file.writeAll(gathered.span, at: offset)
    offset += UInt64(gathered.count)
    gathered.removeAll(keepingCapacity: true)
  }
}

/// The stage at which a checkpoint failed.
package enum CheckpointError: Error {
  /// The checkpoint never had its name.
  case unnamed(LogError)
  /// The checkpoint has its name, but the folder could not be synced.
  case directory(LogError)
}
