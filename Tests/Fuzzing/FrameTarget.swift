import LedgerTesting

@testable import WriteAheadLog

/// The log's reader and its repair.
///
/// What is read twice must read the same, what is repaired must read whole, and what a writer could have made must be
/// read as it was made.
enum FrameTarget: OneInput {
  private struct Outcome: Equatable {
    var summary: LogSummary?
    var failure: LogError?
    var payloads: [[UInt8]] = []
  }

  static func run(_ input: inout InputBytes) {
    let mode = input.byte()
    guard mode % 4 != 0 else { return runRaw(input.rest()) }
    var builder = LogBuilder()
    builder.build(from: &input)
    let storage = FakeStorage(files: builder.files)
    let outcome = walk(storage, rereads: mode >= 128 ? 2 : 0)
    check(outcome, storage)
    if !builder.isBroken, !builder.isSealed {
      require(outcome.failure == nil, "a log without a fault is refused: \(String(describing: outcome.failure))")
      require(outcome.payloads == builder.payloads, "a log without a fault gives other payloads")
      require(outcome.summary?.lastSequence == builder.nextSequence - 1, "a log without a fault ends elsewhere")
    }
    repair(storage, outcome)
  }

  private static func runRaw(_ bytes: [UInt8]) {
    checkHeaders(bytes)
    let storage = FakeStorage(files: [LogListing.segmentName(1): bytes])
    let outcome = walk(storage, rereads: 0)
    check(outcome, storage)
    repair(storage, outcome)
    let listing = LogListing(names: [String(decoding: bytes, as: UTF8.self)])
    require(listing.segments.count + listing.checkpoints.count + listing.unfinished.count <= 1, "one name, two files")
  }

  /// decode(encode(x)) = x, and what decodes is encoded by these very bytes.
  private static func checkHeaders(_ bytes: [UInt8]) {
    if let (header, checksum) = try? FileHeader.decode(bytes.span) {
      require(header.encoded() == Array(bytes[..<64]), "a file header is not what its bytes say")
      require((try? FileHeader.decode(header.encoded().span))?.checksum == checksum, "a file header changes")
    }
    guard bytes.count >= LogFormat.frameHeaderBytes, let decoded = try? FrameHeader.decode(bytes.span, seed: 0) else {
      return
    }
    var again: [UInt8] = []
    let checksum = decoded.header.encode(to: &again, seed: 0)
    require(again == Array(bytes[..<56]) && checksum == decoded.checksum, "a frame header is not what its bytes say")
  }

  private static func walk(_ storage: FakeStorage, rereads: Int) -> Outcome {
    var payloads: [[UInt8]] = []
    do throws(LogError) {
      var walk = try LogWalk(storage, rereads: rereads, onProgress: { _ in })
      try walk.run { (frame, payload) throws(RecordError) in
        require(payload.count <= LogFormat.payloadBytesMax, "a payload above its limit")
        // The visit that says that a checkpoint is complete.
        guard frame.kind != .checkpointEnd else { return }
        payloads.append(payload.withUnsafeBufferPointer(Array.init))
      }
      return Outcome(summary: walk.summary, failure: nil, payloads: payloads)
    } catch {
      return Outcome(summary: nil, failure: error, payloads: payloads)
    }
  }

  private static func check(_ outcome: Outcome, _ storage: FakeStorage) {
    require(walk(storage, rereads: 0) == outcome, "a second reading differs from the first")
    if case .corrupt(let name, let offset, _) = outcome.failure {
      let bytes = storage.files[name]?.count ?? .max
      require(offset <= bytes, "damage is reported at \(offset) of \(bytes) bytes of \(name)")
    }
    guard let summary = outcome.summary else { return }
    require(summary.frames == outcome.payloads.count, "frames and payloads do not agree")
    require(summary.records <= summary.lastSequence, "more records than sequence numbers")
    for segment in summary.segments {
      let bytes = UInt64(storage.files[segment.name]?.count ?? 0)
      require(segment.bytes <= bytes, "\(segment.name) is read past its end")
    }
    if let tail = summary.tornTail {
      let bytes = UInt64(storage.files[tail.place.segment]?.count ?? 0)
      require(tail.place.offset + tail.bytes <= bytes, "a torn tail goes past the end of its file")
      require(tail.bytes > 0, "a torn tail of nothing")
    }
  }

  /// What opening for writing does: afterwards the log is whole, and holds what it held.
  private static func repair(_ storage: FakeStorage, _ before: Outcome) {
    guard let summary = before.summary else { return }
    do throws(LogError) {
      var walk = try LogWalk(storage, onProgress: { _ in })
      try walk.run { _, _ in }
      guard let end = walk.end else { return }
      let repaired = try LogRepair(storage: storage, epoch: max(walk.chain.epochMax, 1)).run(walk, end: end)
      require((repaired.tornTail != nil) == (summary.tornTail != nil), "a repair forgot the torn tail")
    } catch {
      require(false, "what was read cannot be repaired: \(error)")
    }
    let after = self.walk(storage, rereads: 0)
    require(after.failure == nil, "a repaired log is refused: \(String(describing: after.failure))")
    require(after.summary?.tornTail == nil, "a repaired log has a torn tail")
    require(after.payloads == before.payloads, "a repair changed what the log holds")
    require(after.summary?.lastSequence == summary.lastSequence, "a repair changed where the log ends")
  }
}
