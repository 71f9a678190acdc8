import CLZ4
import Foundation
import LedgerTesting
import SystemPackage
import Testing
import WriteAheadLog

/// The log on the real file system and on its own thread.
@Suite("In a real folder")
struct FolderStorageTests {
  private func withFolder(_ body: (FilePath) async throws -> Void) async throws {
    let parent = FileManager.default.temporaryDirectory.appending(path: "wal-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: parent) }
    try await body(FilePath(parent.path).appending("log"))
  }

  private func open(_ folder: FilePath, _ options: LogOptions = LogOptions()) async throws -> CommitLog {
    try await CommitLog.open(storage: FolderStorage(path: folder), options: options, executor: CommitThread()) {
      (_, payload) throws(RecordError) in
      _ = try NumberedRecords.sequences(in: payload)
    }.log
  }

  private func stage(_ sequence: UInt64, in log: CommitLog, fillerBytes: Int = 30) {
    log.stage(sequence: sequence) { payload, _ in
      NumberedRecords.append(sequence, fillerBytes: fillerBytes, to: &payload)
    }
  }

  private func mode(_ path: FilePath) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path.string)[.posixPermissions] as? Int) & 0o777
  }

  @Test("Records come back after a close, in order")
  func roundTrip() async throws {
    try await withFolder { folder in
      let log = try await open(folder)
      for sequence in 1...1000 as ClosedRange<UInt64> {
        try log.reserve()
        stage(sequence, in: log)
      }
      try await log.durable(through: 1000)
      try await log.close()
      var found: [UInt64] = []
      let summary = try LogReader.read(storage: FolderStorage(path: folder)) { (_, payload) throws(RecordError) in
        found += try NumberedRecords.sequences(in: payload)
      }
      #expect(found == Array(1...1000))
      #expect(summary.wasClosedCleanly)
    }
  }

  @Test("The folder is for its owner alone, and so are its files")
  func modes() async throws {
    try await withFolder { folder in
      let log = try await open(folder)
      try await log.close()
      #expect(try mode(folder) == 0o700)
      #expect(try mode(folder.appending("wal-0000000000000001.lz4")) == 0o600)
      #expect(try mode(folder.appending("lock")) == 0o600)
    }
  }

  @Test("A second opening is refused at once, also from the same process")
  func locked() async throws {
    try await withFolder { folder in
      let log = try await open(folder)
      await #expect(throws: LogError.locked(path: folder.string)) { _ = try await open(folder) }
      try await log.close()
      try await open(folder).close()
    }
  }

  @Test("A symbolic link in the place of a segment is not followed")
  func symbolicLink() async throws {
    try await withFolder { folder in
      try await open(folder).close()
      let segment = folder.appending("wal-0000000000000001.lz4").string
      try FileManager.default.moveItem(atPath: segment, toPath: segment + ".moved")
      try FileManager.default.createSymbolicLink(atPath: segment, withDestinationPath: segment + ".moved")
      let loop = Errno.tooManySymbolicLinkLevels.rawValue
      await #expect(throws: LogError.io(operation: "open", path: segment, errno: loop)) {
        try await open(folder).close()
      }
    }
  }

  @Test("A reader follows a log that is being written, and never calls it damaged")
  func readWhileWriting() async throws {
    try await withFolder { folder in
      let log = try await open(folder, LogOptions(durability: .none, segmentBytesMax: 20_000, preallocationBytes: 4096))
      let writing = Task {
        for sequence in 1...20_000 as ClosedRange<UInt64> {
          stage(sequence, in: log, fillerBytes: Int(sequence % 90))
          if sequence % 50 == 0 { try await log.durable(through: sequence) }
        }
      }
      var counts: [UInt64] = []
      repeat {
        var last: UInt64 = 0
        let before = log.durableSequence
        _ = try LogReader.read(storage: FolderStorage(path: folder)) { (_, payload) throws(RecordError) in
          for sequence in try NumberedRecords.sequences(in: payload) {
            guard sequence == last + 1 else { throw RecordError(byteOffsetInPayload: 0, what: "gap after \(last)") }
            last = sequence
          }
        }
        #expect(last >= before)
        counts.append(last)
        await Task.yield()
      } while log.durableSequence < 20_000
      try await writing.value
      #expect(counts == counts.sorted())
      try await log.close()
    }
  }

  @Test("LZ4's own frame decoder reads a closed segment and finds just the payloads")
  func lz4Frames() async throws {
    var expected: [UInt8] = []
    let files = try GoldenLog.files()
    _ = try LogReader.read(storage: FakeStorage(seed: 1, files: files)) { _, payload in
      expected += payload.withUnsafeBufferPointer(Array.init)
    }
    var decoded: [UInt8] = []
    for name in files.segmentNames { decoded += try decodeFrames(files[name] ?? []) }
    #expect(decoded == expected)
  }

  private func decodeFrames(_ bytes: [UInt8]) throws -> [UInt8] {
    var context: OpaquePointer?
    #expect(LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) == 0)
    defer { LZ4F_freeDecompressionContext(context) }
    var decoded: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    var start = 0
    while start < bytes.count {
      var sourceBytes = bytes.count - start
      var targetBytes = piece.count
      let result = bytes[start...].withUnsafeBytes { source in
        LZ4F_decompress(context, &piece, &targetBytes, source.baseAddress, &sourceBytes, nil)
      }
      try #require(LZ4F_isError(result) == 0)
      decoded += piece[..<targetBytes]
      start += sourceBytes
    }
    return decoded
  }
}
