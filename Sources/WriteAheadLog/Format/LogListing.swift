internal import Platform

/// The files of a log folder, classified by their names.
struct LogListing: Equatable {
  /// The first sequences of the segments, ascending.
  private(set) var segments: [UInt64] = []
  /// The sequences that the checkpoints cover, ascending.
  private(set) var checkpoints: [UInt64] = []
  /// The files that were never finished.
  private(set) var unfinished: [String] = []

  static let unfinishedSuffix = ".tmp"

  init(names: [String]) {
    for name in names {
      if name.hasSuffix(Self.unfinishedSuffix) {
        unfinished.append(name)
      } else if let sequence = Self.sequence(in: name, prefix: "wal-") {
        segments.append(sequence)
      } else if let sequence = Self.sequence(in: name, prefix: "checkpoint-") {
        checkpoints.append(sequence)
      }
    }
    segments.sort()
    checkpoints.sort()
  }

  /// The segments that hold something that the newest checkpoint does not.
  var neededSegments: ArraySlice<UInt64> {
    guard let covered = checkpoints.last else { return segments[...] }
    return segments.drop { $0 <= covered }
  }

  /// The files that are read, in order.
  var neededNames: [String] {
    (checkpoints.last.map { [Self.checkpointName($0)] } ?? []) + neededSegments.map(Self.segmentName)
  }

  /// The files that the newest checkpoint replaces.
  var obsoleteNames: [String] {
    segments[..<neededSegments.startIndex].map(Self.segmentName) + checkpoints.dropLast().map(Self.checkpointName)
  }

  /// Returns `name`, with a number appended if it is taken, so that no kept copy replaces another.
  static func unusedName(_ name: String, among names: [String]) -> String {
    let taken = Set(names)
    var count = 1
    var candidate = name
    while taken.contains(candidate) {
      count += 1
      candidate = "\(name)-\(count)"
    }
    return candidate
  }

  static func segmentName(_ firstSequence: UInt64) -> String { "wal-\(digits(firstSequence)).lz4" }

  static func checkpointName(_ covered: UInt64) -> String { "checkpoint-\(digits(covered)).lz4" }

  private static func digits(_ sequence: UInt64) -> String { String(sequence, digits: 16) }

  private static func sequence(in name: String, prefix: String) -> UInt64? {
    guard name.hasPrefix(prefix), name.hasSuffix(".lz4") else { return nil }
    let text = name.dropFirst(prefix.count).dropLast(4)
    guard let sequence = UInt64(text, radix: 16), digits(sequence) == text else { return nil }
    return sequence
  }
}

/// A file that marks a log as possibly older than a state it has served.
///
/// Every backup has it, and so has a log that a repair cut. It keeps a server from opening the log without further
/// steps: tokens that were consumed after the last record would be live again.
enum RollbackMark {
  static let fileName = "rollback.mark"

  static func isSet(in storage: any LogStorage) throws(LogError) -> Bool {
    try storage.names().contains(fileName)
  }

  /// Sets the mark, which is durable on return.
  static func set(in storage: any LogStorage) throws(LogError) {
    try storage.open(fileName, for: .creating).sync()
    try storage.syncDirectory()
  }

  static func remove(in storage: any LogStorage) throws(LogError) {
    guard try isSet(in: storage) else { return }
    try storage.remove(fileName)
    try storage.syncDirectory()
  }
}
