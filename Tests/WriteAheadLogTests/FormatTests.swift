import Foundation
import LedgerTesting
import Synchronization
import Testing

@testable import WriteAheadLog

@Suite("The format of the log")
struct FormatTests {
  @Test("The golden files hold the records that were written to them", arguments: LogFormat.versionsRead)
  func golden(version: UInt16) async throws {
    let files = try GoldenLog.files(version: version)
    #expect(files.count == 3)
    let log = try await SteppedLog.open(FakeStorage(seed: 1, files: files), .small)
    #expect(log.replayed == Array(1...GoldenLog.lastSequence))
    #expect(log.recovery.wasClosedCleanly)
    #expect(log.recovery.epoch == 3)
    #expect(log.recovery.tornTail == nil)
  }

  @Test("A reader sees the golden files without changing them", arguments: LogFormat.versionsRead)
  func goldenReader(version: UInt16) throws {
    let files = try GoldenLog.files(version: version)
    let storage = FakeStorage(seed: 1, files: files)
    var found: [UInt64] = []
    let summary = try LogReader.read(storage: storage) { (_, payload) throws(RecordError) in
      found += try NumberedRecords.sequences(in: payload)
    }
    #expect(found == Array(1...GoldenLog.lastSequence))
    #expect(summary.lastSequence == GoldenLog.lastSequence)
    #expect(summary.segments.map(\.name) == files.segmentNames)
    #expect(storage.files == files)
    #expect(storage.changes == 0)
  }

  @Test("The worked example of docs/wal-format.md is what the log writes")
  func workedExample() async throws {
    let storage = FakeStorage(seed: 1)
    let executor = SteppedExecutor()
    let options = LogOptions(identity: SteppedLog.identity)
    try await executor.driving {
      let log = try await CommitLog.open(storage: storage, options: options, executor: executor) { _, _ in }.log
      log.stage(sequence: 1) { payload, _ in payload += Array("rotate".utf8) }
      log.stage(sequence: 2) { payload, _ in payload += Array("rotate".utf8) }
      try await log.close()
    }
    let bytes = try #require(storage.files["wal-0000000000000001.lz4"])
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let document = try String(contentsOf: folder.appending(path: "../../docs/wal-format.md"), encoding: .utf8)
    let isThere = document.contains("```hex\n\(hexDump(bytes))```")
    #expect(isThere, "put this into docs/wal-format.md:\n\(hexDump(bytes))")
  }

  @Test("Every flipped bit of a header is refused")
  func headerBits() throws {
    let file = FileHeader(kind: .segment, epoch: 7, identity: SteppedLog.identity, sequence: 9, previous: 11)
    for bytes in flips(of: file.encoded()) {
      #expect(throws: (any Error).self) { try FileHeader.decode(bytes.span) }
    }
    let frame = FrameHeader(
      kind: .records, epoch: 7, firstSequence: 9, watermark: 8, recordCount: 2, payloadBytes: 30, storedBytes: 20,
      payloadChecksum: 5, previous: 11)
    var encoded: [UInt8] = []
    let checksum = frame.encode(to: &encoded, seed: 3)
    let decoded = try FrameHeader.decode(encoded.span, seed: 3)
    #expect(decoded.header == frame)
    #expect(decoded.checksum == checksum)
    for bytes in flips(of: encoded) {
      #expect(throws: (any Error).self) { try FrameHeader.decode(bytes.span, seed: 3) }
    }
    #expect(throws: (any Error).self) { try FrameHeader.decode(encoded.span, seed: 4) }
  }

  @Test("Values that no writer makes are refused although their checksum is right")
  func impossibleValues() throws {
    let good = FrameHeader(
      kind: .records, epoch: 7, firstSequence: 9, watermark: 8, recordCount: 2, payloadBytes: 30, storedBytes: 20,
      payloadChecksum: 5, previous: 11)
    var bad = Array(repeating: good, count: 6)
    bad[0].payloadBytes = UInt32(LogFormat.payloadBytesMax) + 1
    bad[1].storedBytes = 31
    bad[2].recordCount = 0
    bad[3].storedBytes = 0
    bad[4].firstSequence = .max
    bad[5].kind = .close
    for header in bad {
      var bytes: [UInt8] = []
      _ = header.encode(to: &bytes, seed: 3)
      #expect(throws: FrameHeader.Refusal.self) { try FrameHeader.decode(bytes.span, seed: 3) }
    }
  }

  @Test("Names other than our own are not segments")
  func names() {
    let listing = LogListing(names: [
      "wal-000000000000000a.lz4", "wal-000000000000000A.lz4", "wal-1.lz4", "wal-+00000000000000a.lz4", "lock",
      "checkpoint-0000000000000003.lz4", "wal-0000000000000001.lz4.tmp", "torn-wal-0000000000000001.lz4-64-1",
      "wal-0000000000000002.lz4", "wal-0000000000000004.lz4",
    ])
    #expect(listing.segments == [2, 4, 10])
    #expect(listing.checkpoints == [3])
    #expect(Array(listing.neededSegments) == [4, 10])
    #expect(listing.unfinished == ["wal-0000000000000001.lz4.tmp"])
    #expect(listing.obsoleteNames == ["wal-0000000000000002.lz4"])
  }

  private func flips(of bytes: [UInt8]) -> [[UInt8]] {
    (0..<(bytes.count * 8)).map { bit in
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      return flipped
    }
  }

  private func hexDump(_ bytes: [UInt8]) -> String {
    func hex(_ value: Int, _ digits: Int) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: digits - text.count) + text
    }
    return stride(from: 0, to: bytes.count, by: 16).map { start in
      let line = bytes[start..<min(start + 16, bytes.count)].map { hex(Int($0), 2) }.joined(separator: " ")
      return "\(hex(start, 4))  \(line)\n"
    }.joined()
  }
}
