import Testing

@testable import refresh_ledger

@Suite("The queue of the server's output")
struct OutputQueueTests {
  /// A reader that takes what it is given, when it is told to.
  private struct Reader {
    var queue: OutputQueue
    var text = ""

    /// Takes one batch of as many bytes as the system accepts, and returns how many lines that lost.
    mutating func take(upTo bytesMax: Int = .max) -> Int? {
      guard let batch = queue.next(note: { "(\($0) dropped)\n" }) else { return nil }
      let written = min(bytesMax, batch.bytes.count)
      text += String(decoding: batch.bytes.prefix(written), as: UTF8.self)
      return queue.settle(batch, written: written)
    }

    mutating func takeAll() {
      while take() != nil {}
    }
  }

  @Test("hands out what was put, in its order, and nothing else")
  func order() {
    var reader = Reader(queue: OutputQueue())
    let lines = (0..<1000).map { "line \($0)\n" }
    for line in lines {
      #expect(reader.queue.put(line) == 0)
      if line.hasSuffix("0\n") { reader.takeAll() }
    }
    reader.takeAll()
    #expect(reader.text == lines.joined())
    #expect(reader.queue.isIdle)
  }

  @Test("writes whole lines at once, as many as a pipe takes in one piece")
  func batches() {
    var queue = OutputQueue()
    let line = String(repeating: "x", count: 999) + "\n"
    for _ in 0..<5 { _ = queue.put(line) }
    _ = queue.put(String(repeating: line, count: 7))
    var sizes: [Int] = []
    while let batch = queue.next(note: { _ in "" }) {
      sizes.append(batch.bytes.count)
      #expect(queue.settle(batch, written: batch.bytes.count) == 0)
    }
    #expect(sizes == [4000, 1000, 7000])
  }

  @Test("keeps no more bytes than its bound, whatever is put")
  func boundedBytes() {
    var reader = Reader(queue: OutputQueue(bytesMax: 1000, textsMax: 1000))
    for _ in 0..<10_000 { _ = reader.queue.put(String(repeating: "x", count: 99) + "\n") }
    #expect(reader.queue.put(String(repeating: "x", count: 5000) + "\n") == 1)
    reader.takeAll()
    #expect(reader.text.utf8.filter { $0 == UInt8(ascii: "x") }.count == 990)
    #expect(reader.text.hasSuffix("\n(9991 dropped)\n"))
  }

  @Test("keeps no more texts than its bound, however small they are")
  func boundedTexts() {
    var reader = Reader(queue: OutputQueue(bytesMax: 1000, textsMax: 3))
    #expect((0..<5).map { reader.queue.put("\($0)\n") } == [0, 0, 0, 1, 1])
    reader.takeAll()
    #expect(reader.text == "0\n1\n2\n(2 dropped)\n")
  }

  @Test("says where lines are missing, and how many: before what came after them, once it flows again")
  func noteInItsPlace() {
    var reader = Reader(queue: OutputQueue(bytesMax: 1000, textsMax: 2))
    for index in 0..<4 { _ = reader.queue.put("\(index)\n") }
    #expect(reader.text == "")
    #expect(reader.take() == 0)
    _ = reader.queue.put("4\n")
    reader.takeAll()
    #expect(reader.text == "0\n1\n(2 dropped)\n4\n")
  }

  @Test("takes nothing before half of it is free, so that a slow reader reads lines and not notes")
  func slowReader() {
    var reader = Reader(queue: OutputQueue(bytesMax: 100_000, textsMax: 10))
    let line = String(repeating: "x", count: 4000) + "\n"
    for _ in 0..<200 {
      for _ in 0..<5 { _ = reader.queue.put(line) }
      _ = reader.take()
    }
    let notes = reader.text.split(separator: "\n").count { $0.hasPrefix("(") }
    let lines = reader.text.split(separator: "\n").count { $0.hasPrefix("x") }
    #expect(notes > 0 && lines >= 4 * notes, "\(notes) notes among \(lines) lines")
  }

  @Test("counts what the system refuses to write, and tells of it with the next line that can be written")
  func refused() {
    var reader = Reader(queue: OutputQueue())
    _ = reader.queue.put("1\n2\n")
    _ = reader.queue.put("3\n")
    #expect(reader.take(upTo: 0) == 3)
    // A full disk is not tried again before there is something to say.
    #expect(reader.take() == nil)
    #expect(reader.queue.isIdle)
    _ = reader.queue.put("4\n")
    #expect(reader.take(upTo: 0) == 1)
    _ = reader.queue.put("5\n")
    #expect(reader.take() == 0)
    #expect(reader.text == "(4 dropped)\n5\n")
  }

  @Test("goes on at the beginning of a line after a line of which only a part could be written")
  func torn() {
    var reader = Reader(queue: OutputQueue())
    for text in ["first\n", "second\n", "third\n"] { _ = reader.queue.put(text) }
    #expect(reader.take(upTo: 9) == 2)
    _ = reader.queue.put("fourth\n")
    reader.takeAll()
    #expect(reader.text == "first\nsec\n(2 dropped)\nfourth\n")
  }

  @Test("tells of dropped lines in the next note where the note itself could not be written")
  func tornNote() {
    var reader = Reader(queue: OutputQueue(bytesMax: 1000, textsMax: 1))
    for index in 0..<3 { _ = reader.queue.put("\(index)\n") }
    #expect(reader.take() == 0)
    #expect(reader.take(upTo: 4) == 0)
    _ = reader.queue.put("3\n")
    reader.takeAll()
    #expect(reader.text == "0\n(2 d\n(2 dropped)\n3\n")
  }

  @Test("is idle only once what was taken is written")
  func idle() throws {
    var queue = OutputQueue()
    #expect(queue.isIdle)
    _ = queue.put("1\n")
    #expect(!queue.isIdle)
    let next = queue.next(note: { _ in "" })
    let batch = try #require(next)
    #expect(!queue.isIdle)
    _ = queue.settle(batch, written: 2)
    #expect(queue.isIdle)
  }

  @Test("is waited for at the end while somebody reads, but not past the end, and not long where nobody does")
  func patience() {
    let start = ContinuousClock.now
    func lasts(_ readings: [(milliseconds: Int, written: Int)]) -> [Bool] {
      var patience = OutputPatience(stall: .milliseconds(500), end: start + .seconds(2))
      return readings.map { patience.lasts(at: start + .milliseconds($0.milliseconds), written: $0.written) }
    }
    #expect(lasts([(0, 7), (499, 7), (500, 7)]) == [true, true, false])
    #expect(lasts([(0, 7), (400, 8), (899, 8), (900, 8)]) == [true, true, true, false])
    #expect(lasts([(0, 0), (400, 1), (800, 2), (1200, 3), (1600, 4), (1999, 5), (2000, 6)]).filter { !$0 }.count == 1)
  }
}
