/// Texts that wait to be written, oldest first, within bounds. What does not fit is dropped and counted, and a note in the output
/// says where it is missing.
struct OutputQueue {
  /// What is written next, at once.
  struct Batch {
    let bytes: [UInt8]
    /// Of the note at its beginning.
    fileprivate let noteBytes: Int
    /// The dropped lines that the note tells of.
    fileprivate let told: Int
  }

  private struct Waiting {
    var bytes: [UInt8]
    /// Lines that were dropped directly before it.
    var dropped: Int
  }

  /// Pipes take so much (`PIPE_BUF`) whole or not at all, so that no line of another writer comes in between.
  static let batchBytesMax = 4096

  private let bytesMax: Int
  private let textsMax: Int
  private var texts: [Waiting] = []
  /// Of `texts`: those before it were taken.
  private var head = 0
  private var bytesWaiting = 0
  /// Lines that were dropped after the last text.
  private var droppedAtEnd = 0
  /// A text did not fit. Nothing is taken before half of the room is free: else a slow reader would read a note after each line.
  private var isShut = false
  /// The last write failed.
  private var isBroken = false
  /// What was written last is the beginning of a line.
  private var isInsideLine = false
  private var isBeingWritten = false

  /// The bounds are what a busy server says in a second or two, so that a reader that is restarted misses nothing, and no more memory
  /// than a few connections take.
  init(bytesMax: Int = 1 << 20, textsMax: Int = 8192) {
    self.bytesMax = bytesMax
    self.textsMax = textsMax
  }

  private var count: Int { texts.count - head }

  /// Whether all that can be written is written.
  var isIdle: Bool { count == 0 && !isBeingWritten && (droppedAtEnd == 0 || isBroken) }

  /// Whether so little waits that a drawing, which soon is stale, may wait behind it.
  var isNearlyIdle: Bool { bytesWaiting < OutputQueue.batchBytesMax }

  /// Takes a text of whole lines, and returns how many lines were dropped: all of them or none.
  mutating func put(_ text: String) -> Int {
    let bytes = Array(text.utf8)
    if isShut, bytesWaiting <= bytesMax / 2, count <= textsMax / 2 { isShut = false }
    guard !isShut, bytes.count <= bytesMax - bytesWaiting, count < textsMax else {
      isShut = true
      let lines = OutputQueue.lines(bytes[...])
      droppedAtEnd += lines
      return lines
    }
    texts.append(Waiting(bytes: bytes, dropped: droppedAtEnd))
    droppedAtEnd = 0
    bytesWaiting += bytes.count
    return 0
  }

  /// The next whole texts, as many as are written at once; nil where nothing is to be written. ``settle(_:written:)`` must follow.
  ///
  /// - Parameter note: a line that tells of as many dropped lines.
  mutating func next(note: (Int) -> String) -> Batch? {
    guard count > 0 || droppedAtEnd > 0 && !isBroken else { return nil }
    let told = count > 0 ? texts[head].dropped : droppedAtEnd
    if count == 0 { droppedAtEnd = 0 }
    var bytes: [UInt8] = isInsideLine ? [UInt8(ascii: "\n")] : []
    if told > 0 { bytes += note(told).utf8 }
    let noteBytes = bytes.count
    var isFirst = true
    while count > 0 {
      let text = texts[head]
      guard isFirst || text.dropped == 0 && bytes.count + text.bytes.count <= OutputQueue.batchBytesMax else { break }
      isFirst = false
      bytes += text.bytes
      bytesWaiting -= text.bytes.count
      texts[head].bytes = []
      head += 1
    }
    if head == texts.count || head > 1024 {
      texts.removeFirst(head)
      head = 0
    }
    isBeingWritten = true
    return Batch(bytes: bytes, noteBytes: noteBytes, told: told)
  }

  /// Notes how many bytes of the batch were written before the system refused the rest, and returns how many lines were dropped by that.
  mutating func settle(_ batch: Batch, written: Int) -> Int {
    isBeingWritten = false
    if written > 0 { isInsideLine = batch.bytes[written - 1] != UInt8(ascii: "\n") }
    isBroken = written < batch.bytes.count
    guard isBroken else { return 0 }
    let lines = OutputQueue.lines(batch.bytes[max(written, batch.noteBytes)...])
    let untold = lines + (written < batch.noteBytes ? batch.told : 0)
    if count > 0 { texts[head].dropped += untold } else { droppedAtEnd += untold }
    return lines
  }

  private static func lines(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.count { $0 == UInt8(ascii: "\n") }
  }
}
