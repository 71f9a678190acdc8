import Platform
import SystemPackage
import Testing

@Suite("Open files") struct OpenFileTests {
  @Test("As many bytes as asked for at most are read, and one more is too many", arguments: [0, 1, 70_000])
  func bound(count: Int) throws {
    let folder = try ScratchFolder()
    try folder.write(String(repeating: "x", count: count), to: "file")
    let path = folder.path(of: "file")
    #expect(try OpenFile(reading: path).contents(bytesMax: count).count == count)
    if count > 0 {
      #expect(throws: BoundedReadError.tooLarge) { try OpenFile(reading: path).contents(bytesMax: count - 1) }
    }
  }

  @Test("A folder is opened and cannot be read")
  func folder() throws {
    let folder = try ScratchFolder()
    let path = folder.path
    #expect(throws: BoundedReadError.refused(.isDirectory)) {
      try OpenFile(reading: path).contents(bytesMax: 1)
    }
  }

  @Test("A name that is taken is not made again")
  func taken() throws {
    let folder = try ScratchFolder()
    try folder.write("", to: "file")
    let path = folder.path(of: "file")
    #expect(throws: Errno.fileExists) { _ = try OpenFile(making: path) }
    #expect(throws: Errno.noSuchFileOrDirectory) { _ = try OpenFile(changing: path + "2") }
  }

  @Test("Bytes are written and read at their offsets")
  func offsets() throws {
    let folder = try ScratchFolder()
    let file = try OpenFile(making: folder.path(of: "file"))
    #expect(try file.write([1, 2, 3].span, at: 2) == 3)
    var bytes = [UInt8](repeating: 9, count: 6)
    #expect(try file.read(into: &bytes, 1..<6, at: 1) == 4)
    #expect(bytes == [9, 0, 1, 2, 3, 9])
    try file.truncate(to: 3)
    #expect(try file.size() == 3)
  }

  @Test("Bytes that were written out are those that were written, and what the system cannot write out is an error")
  func writtenOut() throws {
    let folder = try ScratchFolder()
    let file = try OpenFile(making: folder.path(of: "file"))
    try file.writeAll([1, 2, 3].span, at: 0)
    try file.writeOut(0..<3)
    #expect(try file.contents(bytesMax: 9) == [1, 2, 3])
    let device = try OpenFile(reading: "/dev/null")
    #expect(throws: Errno.illegalSeek) { try device.writeOut(0..<1) }
  }

  @Test("A lock keeps out another value, and ends with its own")
  func lock() throws {
    let folder = try ScratchFolder()
    let path = folder.path(of: "lock")
    func take() throws -> OpenFile? {
      let file = try OpenFile.lockFile(path)
      guard try file.lock(tries: 2) else { return nil }
      return file
    }
    let first = try take()
    let second = try take()
    let (isHeld, isHeldTwice) = (first != nil, second != nil)
    #expect(isHeld && !isHeldTwice)
    _ = consume first
    let third = try take()
    let isHeldAgain = third != nil
    #expect(isHeldAgain)
  }
}
