import LedgerTesting
import Synchronization
import TokenLedger
import WriteAheadLog

/// A small log that the unmodified ledger wrote, with what is known of it without the ledger.
package struct ReferenceLog: Sendable {
  package enum Ending: String, Sendable, CaseIterable {
    case closed
    /// As after a kill: the last commits are synced, zeroes follow.
    case open
    /// A power failure between making a segment and sealing the one before it.
    case unsealed
    /// Closed cleanly, opened again, and killed after one commit: the last frame is the only one behind the close.
    case reopened
    /// Two checkpoints, each of which replaced what stood before, then a few segments.
    case checkpointed
  }

  /// One frame of records as it was written.
  struct Commit: Equatable {
    let recordCount: UInt64
    let payload: [UInt8]
  }

  package let number: Int
  let ending: Ending
  let options: LedgerOptions
  let files: [String: [UInt8]]
  /// What checkpoints removed.
  let replaced: [String: [UInt8]]
  /// The checkpoint, if there is one, and the segments.
  let segments: [SpecifiedSegment]
  /// Of the checkpoint's frames, in order.
  let entries: [[UInt8]]
  /// By the sequence of its first record.
  let commits: [UInt64: Commit]
  let recordKinds: [UInt8: Int]
  let lastSequence: UInt64
  let knownFrames: Set<UInt32>

  /// Makes the log whose seed, sizes and ending `number` chooses; the same number makes the same bytes.
  package static func make(_ number: Int) async throws -> ReferenceLog {
    let ending = Ending.allCases[number % Ending.allCases.count]
    var random = SeededGenerator(seed: UInt64(number) &* 0x1_0001)
    var options = LedgerOptions(segmentBytesMax: Int.random(in: 1_400...3_600, using: &random))
    options.preallocationBytes = [512, 1_024, 1_536][Int.random(in: 0..<3, using: &random)]
    options.identity = LogIdentity(from: &random)
    let written = try await write(seed: UInt64(number), options, ending)
    return try ReferenceLog(number, ending, options, written.files, replaced: written.replaced)
  }

  private static func write(
    seed: UInt64, _ options: LedgerOptions, _ ending: Ending
  ) async throws -> (files: [String: [UInt8]], replaced: [String: [UInt8]]) {
    let disk = FakeStorage(seed: seed)
    let unsealed = Mutex<[String: [UInt8]]?>(nil)
    let seen = Mutex<[String: [UInt8]]>([:])
    disk.follow(
      .watching { _ in
        guard ending == .unsealed || ending == .checkpointed else { return }
        let files = disk.files
        if ending == .unsealed, lacksSeal(files) { unsealed.withLock { $0 = files } }
        seen.withLock { $0.merge(files) { $1 } }
      })
    defer { disk.follow(FaultScript()) }
    let script = LedgerScript(seed: seed, commitCount: 12 + Int(seed % 5))
    let clock = ManualClock()
    var memory = ScriptMemory()
    let half = ending == .reopened ? script.commits.count - 1 : script.commits.count / 2
    for (index, part) in [script.commits[..<half], script.commits[half...]].enumerated() {
      let ledger = try await SteppedLedger.open(disk, options: options, clock: clock, seed: seed &+ UInt64(index))
      for (number, steps) in part.enumerated() {
        if let failure = await ledger.commit(steps, &memory).first { throw failure }
        if ending == .checkpointed, number == part.count - 1 - 2 * index { try await ledger.checkpoint() }
      }
      if index == 0 || ending == .closed { try await ledger.close() }
      disk.killProcess()
    }
    let files = unsealed.withLock { $0 } ?? disk.files
    let replaced = seen.withLock { $0.filter { files[$0.key] == nil && $0.key.hasSuffix(".lz4") } }
    return (files, replaced)
  }

  static func lacksSeal(_ files: [String: [UInt8]]) -> Bool {
    var opening = SpecifiedOpening(files)
    guard case .opens(_, nil, _) = opening.run(), opening.segments.count > 1 else { return false }
    return opening.segments.suffix(2).allSatisfy { $0.frames.last?.frame.kind != SpecifiedFrame.Kind.seal }
  }

  private init(
    _ number: Int, _ ending: Ending, _ options: LedgerOptions, _ files: [String: [UInt8]],
    replaced: [String: [UInt8]]
  ) throws {
    var opening = SpecifiedOpening(files)
    guard case .opens(let last, nil, _) = opening.run() else {
      throw ProofFailure("reference log \(number) is not what docs/wal-format.md says")
    }
    var commits: [UInt64: Commit] = [:]
    var kinds: [UInt8: Int] = [:]
    var entries: [[UInt8]] = []
    let read = [opening.checkpoint].compactMap(\.self) + opening.segments
    for segment in read {
      for (offset, frame) in segment.frames where frame.carriesRecords {
        guard let payload = SpecifiedOpening.payload(of: frame, at: offset, in: files[segment.name] ?? []) else {
          continue
        }
        if frame.kind == SpecifiedFrame.Kind.checkpoint {
          entries.append(payload)
          for kind in SpecifiedPayload.entryKinds(payload) ?? [] { kinds[kind, default: 0] += 1 }
          continue
        }
        commits[frame.firstSequence] = Commit(recordCount: UInt64(frame.recordCount), payload: payload)
        for kind in SpecifiedPayload.recordKinds(payload) ?? [] { kinds[kind, default: 0] += 1 }
      }
    }
    self.number = number
    self.ending = ending
    self.options = options
    self.files = files
    self.commits = commits
    self.replaced = replaced
    self.entries = entries
    segments = read
    recordKinds = kinds
    lastSequence = last
    knownFrames = Set(read.flatMap { $0.frames.map(\.frame.checksum) })
  }

  /// Bytes of every file in all.
  package var bytes: Int { files.values.reduce(0) { $0 + $1.count } }

  package var summary: String {
    let frames = segments.reduce(0) { $0 + $1.frames.count }
    return "reference log \(number): \(bytes) bytes in \(segments.count) files, \(frames) frames, up to record "
      + "\(lastSequence), \(recordKinds.count) kinds of records and entries, \(ending.rawValue)"
  }
}

/// Why a proof could not even begin.
package struct ProofFailure: Error, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}
