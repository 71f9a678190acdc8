import Foundation
import LedgerTesting
import Testing

@testable import WriteAheadLog

/// The files that pin the versions of the format.
enum GoldenLog {
  static func folder(version: UInt16) -> URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/v\(version)")
  }
  /// Records in them: `NumberedRecords` 1 to this.
  static let lastSequence: UInt64 = 22

  static func files(version: UInt16 = LogFormat.version) throws -> [String: [UInt8]] {
    let folder = folder(version: version)
    var files: [String: [UInt8]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      files[name] = [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }
    return files
  }

  /// What made the files.
  ///
  /// Block compression may differ with another version of LZ4, the format may not.
  static func write(to storage: FakeStorage, closing: Bool = true) async throws {
    let log = try await SteppedLog.open(storage, .small)
    for fillers in [[5], [40, 41, 42], [300], [9, 9], [700, 1, 900], [30]] { log.commit(fillers) }
    try await log.close()
    let again = try await SteppedLog.open(storage, .small)
    for fillers in [[5, 5, 5, 5], [400], [50, 60], [330], [7], [200, 8]] { again.commit(fillers) }
    if closing { try await again.close() }
  }
}

/// Where the frames of a segment begin, found without the code under test.
struct FrameMap {
  let starts: [Int]
  let end: Int

  init(_ bytes: [UInt8]) {
    func word(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) } }
    var starts: [Int] = []
    var offset = 64
    while offset + 56 <= bytes.count, word(offset) == 0x184D_2A5F {
      starts.append(offset)
      let payload = word(offset + 36)
      offset += 56 + (payload > 0 ? 15 + word(offset + 40) : 0)
    }
    self.starts = starts
    end = offset
  }

  /// The start of what `offset` lies in: a frame, the file header, or the tail.
  func start(of offset: Int) -> Int {
    if offset < 64 { return 0 }
    if offset >= end { return end }
    return starts.last { $0 <= offset } ?? 0
  }
}

extension [String: [UInt8]] {
  var segmentNames: [String] { keys.filter { $0.hasPrefix("wal-") }.sorted() }
}
