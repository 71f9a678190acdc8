/// A position in the log.
package struct LogPlace: Sendable, Hashable, CustomStringConvertible {
  /// The name of the file in the log folder.
  package let segment: String
  /// The number of bytes from the start of the file.
  package let offset: UInt64

  package init(segment: String, offset: UInt64) {
    self.segment = segment
    self.offset = offset
  }

  package var description: String { "\(segment) at offset \(offset)" }
}

/// The torn end of the last segment, which a crash left incomplete.
///
/// No record in it was ever acknowledged (docs/wal-format.md section 3.4 tells what can be mistaken for it).
package struct TornTail: Sendable, Hashable {
  package let place: LogPlace
  /// The number of bytes up to the last one that is not zero.
  package let bytes: UInt64
  /// The file in the log folder that keeps the bytes, or nil if nothing was repaired.
  package internal(set) var copy: String?
}

/// The position in a segment at which writing continues.
struct ResumePoint {
  /// The sequence of the segment's first record.
  let firstSequence: UInt64
  /// The version of the segment's format.
  let version: UInt16
  let offset: UInt64
  let fileBytes: UInt64
  /// The chain value that the next frame must carry.
  let previous: UInt32
  /// The chain value that the segment's header carries.
  let carried: UInt32
}
