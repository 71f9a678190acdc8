internal import Platform

/// The file of a segment that is not begun yet: zeroes, without a header and under a name that no reader looks at.
///
/// One that is made ahead has only its header and its name to wait for when the segment begins: docs/wal-format.md,
/// section 2.4, step 2. An opening removes what a crash left of it.
package struct UnnamedSegment: Sendable {
  /// The name of one that is made ahead of a cut; at most one cut is under way at a time.
  private static let nameAhead = "wal-next" + LogListing.unfinishedSuffix
  /// The bytes that are written to the disk at a time, between which the log's syncs find it free.
  private static let pieceBytes = 64 << 10

  private let storage: any LogStorage
  private let file: any LogFile
  private let name: String
  private let bytes: UInt64

  /// Makes the file, unsynced, with `room` zeroes after the place of the header.
  ///
  /// Until it is named it has the name `name`, which ends in `LogListing.unfinishedSuffix`.
  init(in storage: any LogStorage, as name: String, room: Int) throws(LogError) {
    self.storage = storage
    self.name = name
    let zeroes = [UInt8](repeating: 0, count: LogFormat.fileHeaderBytes + max(0, room))
    bytes = UInt64(zeroes.count)
    file = try storage.open(name, for: .creating)
    try file.writeAll(zeroes.span, at: 0)
  }

  /// Makes the file and syncs it, in pieces that hold up nobody else for long.
  init(aheadIn storage: any LogStorage, room: Int) throws(LogError) {
    do throws(LogError) {
      try self.init(in: storage, as: Self.nameAhead, room: room)
      for start in stride(from: 0, to: bytes, by: Self.pieceBytes) {
        try file.writeOut(start..<min(bytes, start + UInt64(Self.pieceBytes)))
      }
      try file.sync()
    } catch {
      // A full disk needs the room.
      try? storage.remove(Self.nameAhead)
      throw error
    }
  }

  /// Makes it the segment of `header`, complete and durable before it has its name.
  func named(by header: FileHeader) throws(LogError) -> NewSegment {
    let encoded = header.encoded()
    try file.writeAll(encoded.span, at: 0)
    try file.sync()
    try storage.rename(name, to: LogListing.segmentName(header.sequence))
    try storage.syncDirectory()
    let checksum = encoded.span.integer(UInt32.self, at: LogFormat.fileHeaderBytes - 4)
    return NewSegment(checksum: checksum, bytes: bytes)
  }

  /// Removes the file, if that is possible: no segment begins in it.
  package func abandon() {
    try? storage.remove(name)
  }
}

/// A segment in which nothing is written but its header.
struct NewSegment {
  /// The header's checksum, which is the chain value after it.
  let checksum: UInt32
  /// The number of bytes of the file, the zeroes included.
  let bytes: UInt64

  /// Makes the segment of `header`, complete and durable before it has its name, in `unnamed` if that was made ahead.
  static func make(
    _ header: FileHeader, _ unnamed: UnnamedSegment? = nil, in storage: any LogStorage,
    room: Int = LogOptions().preallocationBytes
  ) throws(LogError) -> NewSegment {
    if let unnamed { return try unnamed.named(by: header) }
    let name = LogListing.segmentName(header.sequence) + LogListing.unfinishedSuffix
    return try UnnamedSegment(in: storage, as: name, room: room).named(by: header)
  }
}
