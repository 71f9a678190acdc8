import Glibc
import SystemPackage
import Testing

@testable import refresh_ledger

@Suite("The writer of the server's output")
struct OutputWriterTests {
  private struct Pipe {
    let reading: FileDescriptor
    let writing: FileDescriptor

    init() throws {
      (reading, writing) = try FileDescriptor.pipe()
    }

    /// All that comes until the text ends as is said.
    func read(until ending: String) throws -> String {
      var text = ""
      var piece = [UInt8](repeating: 0, count: 65_536)
      while !text.hasSuffix(ending) {
        let count = try piece.withUnsafeMutableBytes { try reading.read(into: $0) }
        guard count > 0 else { break }
        text += String(decoding: piece.prefix(count), as: UTF8.self)
      }
      return text
    }
  }

  private func writer(_ descriptor: FileDescriptor, _ dropped: CounterSeries) throws -> OutputWriter {
    let writer = OutputWriter(descriptor, dropped: dropped) { "(\($0) dropped)\n" }
    try writer.start()
    return writer
  }

  @Test("never waits for a pipe that nobody reads, and says what it dropped once it is read", arguments: [true, false])
  func unreadPipe(waits: Bool) throws {
    let pipe = try Pipe()
    if !waits { _ = fcntl(pipe.writing.rawValue, F_SETFL, O_NONBLOCK) }
    let dropped = CounterSeries()
    let writer = try writer(pipe.writing, dropped)
    let lines = (0..<40_000).map { "line \($0) \(String(repeating: "x", count: 90))" }
    for line in lines { writer.put(line + "\n") }
    #expect(dropped.value > 20_000)
    let note = "(\(dropped.value) dropped)\n"
    let text = try pipe.read(until: note)
    let read = text.split(separator: "\n")
    #expect(Int64(read.count - 1) + dropped.value == Int64(lines.count))
    #expect(read.dropLast().elementsEqual(lines.prefix(read.count - 1)) { $0 == $1 })
    writer.put("after\n")
    #expect(try pipe.read(until: "after\n") == "after\n")
  }

  @Test("tells once of a stream that cannot be written, and goes on when it can be")
  func closedPipe() throws {
    signal(SIGPIPE, SIG_IGN)
    let pipe = try Pipe()
    try pipe.reading.close()
    let (dropped, faults) = (CounterSeries(), CounterSeries())
    let writer = OutputWriter(pipe.writing, dropped: dropped) { _ in
      ""
    } onFault: { refusal in
      if refusal == .brokenPipe { faults.increment(by: 1) }
    }
    try writer.start()
    for index in 0..<100 { writer.put("\(index)\n") }
    while dropped.value < 100 { sched_yield() }
    #expect(faults.value == 1)
    #expect(writer.progress.isIdle)
  }
}
