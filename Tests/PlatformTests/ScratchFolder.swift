import Glibc
import Platform
import Testing

/// An empty folder of its own, removed with what lies in it.
struct ScratchFolder: ~Copyable {
  let path: String

  init() throws {
    let number = String(UInt64.random(in: 0 ... .max), digits: 16)
    path = "/tmp/platform-\(number)"
    try #require(try FileSystem.makeFolder(path))
  }

  deinit {
    for name in names { try? FileSystem.remove("\(path)/\(name)") }
    rmdir(path)
  }

  var names: [String] { (try? FileSystem.names(in: path).sorted()) ?? [] }

  func path(of name: String) -> String { "\(path)/\(name)" }

  func text(_ name: String) throws -> String {
    String(decoding: try OpenFile(reading: path(of: name)).contents(bytesMax: 1 << 20), as: UTF8.self)
  }

  func write(_ text: String, to name: String) throws {
    try OpenFile(making: path(of: name)).writeAll(Array(text.utf8).span)
  }
}
