internal import Platform

/// A file that says: what this log held is served from elsewhere.
///
/// It is written before the first thing leaves, and keeps a server from opening the log: a token would be live in two
/// places. Readers that change nothing read such a log as any other.
package enum MovedMark {
  package static let fileName = "moved.mark"
  private static let bytesMax = 2048

  /// The predicate of a sentence about the log: where it went, and the fix; nil if there is no such file.
  package static func read(in storage: some LogStorage) throws(LogError) -> String? {
    guard try storage.names().contains(fileName) else { return nil }
    let file = try storage.open(fileName, for: .reading)
    var bytes = [UInt8](repeating: 0, count: bytesMax)
    let count = try file.readAll(into: &bytes, 0..<bytesMax, at: 0)
    // What somebody else wrote there, or a crash left empty, says as much by its name.
    let line = bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }
    guard let text = String(validating: line, as: UTF8.self), !text.isEmpty, !text.hasControlCharacters else {
      return "has moved to a database; serve it from there"
    }
    return text
  }

  /// Durable on return. In the place of one that is there, which stays until then.
  ///
  /// - Parameter text: one line, of which 2048 bytes are read.
  package static func set(_ text: String, in storage: some LogStorage) throws(LogError) {
    let name = fileName + LogListing.unfinishedSuffix
    let file = try storage.open(name, for: .creating)
    try file.writeAll(Array("\(text)\n".utf8).span, at: 0)
    try file.sync()
    try storage.rename(name, to: fileName)
    try storage.syncDirectory()
  }

  /// Durable on return.
  package static func remove(in storage: some LogStorage) throws(LogError) {
    guard try storage.names().contains(fileName) else { return }
    try storage.remove(fileName)
    try storage.syncDirectory()
  }
}
