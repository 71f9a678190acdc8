/// A bounded queue of texts that wait to be written, the oldest first.
///
/// A text that does not fit is dropped and counted, and a note in the output tells where it is missing.
struct OutputQueue {
  /// The bytes that are written next, at once.
  struct Batch {
    let bytes: [UInt8]
    /// The number of bytes of the note at the beginning.
    fileprivate let noteBytes: Int
    /// The number of dropped lines that the note reports.
    fileprivate let told: Int
  }

  private struct Waiting {
    var bytes: [UInt8]
    /// The number of lines that were dropped directly before the text.
    var dropped: Int
  }

  /// The most bytes of a batch: those that a pipe takes completely or not at all (`PIPE_BUF`), so that no line of
  /// another writer comes in between.
  static let batchBytesMax = 4096

  private let bytesMax: Int
  private let textsMax: Int
  private var texts: [Waiting] = []
  /// The index of the first text that was not taken yet.
  private var head = 0
  private var bytesWaiting = 0
  /// The number of lines that were dropped after the last text.
  private var droppedAtEnd = 0
  /// True if a text did not fit.
  ///
  /// No text is accepted until half of the room is free: otherwise a slow reader would get a note after each line.
  private var isShut = false
  /// True if the last write failed.
  private var isBroken = false
  /// True if the last written byte was inside a line.
  private var isInsideLine = false
  private var isBeingWritten = false

  /// Creates an empty queue.
  ///
  /// Its bounds hold the output of a busy server for a second or two, so that a reader that is restarted misses
  /// nothing, and take no more memory than a few connections.
  init(bytesMax: Int = 1 << 20, textsMax: Int = 8192) {
    self.bytesMax = bytesMax
    self.textsMax = textsMax
  }

  private var count: Int { texts.count - head }

  /// True if everything that can be written is written.
  var isIdle: Bool { count == 0 && !isBeingWritten && (droppedAtEnd == 0 || isBroken) }

  /// True if so little is waiting that a drawing, which is soon outdated, can wait behind it.
  var isNearlyIdle: Bool { bytesWaiting < OutputQueue.batchBytesMax }

  /// Adds a text of whole lines, and returns the number of lines that were dropped: all of them or none.
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

  /// Takes the next whole texts, as many as are written at once, or returns nil if there is nothing to write.
  ///
  /// ``settle(_:written:)`` must follow. `note` makes the line about a number of dropped lines.
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

  /// Notes the number of the batch's bytes that were written before the system refused the rest, and returns the number
  /// of lines that were dropped by that.
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
