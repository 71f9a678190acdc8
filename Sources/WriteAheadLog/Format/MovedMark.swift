internal import Platform

/// A file that marks a log whose contents are served from elsewhere.
///
/// It is written before anything leaves, and keeps a server from opening the log, since a token would be live in two
/// places. Readers that change nothing read such a log like any other.
package enum MovedMark {
  package static let fileName = "moved.mark"
  private static let bytesMax = 2048

  /// Returns the predicate of a sentence about the log, with its new place and the fix, or nil if there is no such
  /// file.
  package static func read(in storage: some LogStorage) throws(LogError) -> String? {
    guard try storage.names().contains(fileName) else { return nil }
    let file = try storage.open(fileName, for: .reading)
    var bytes = [UInt8](repeating: 0, count: bytesMax)
    let count = try file.readAll(into: &bytes, 0..<bytesMax, at: 0)
    // A file with another text, or one that a crash left empty, is a mark by its name alone.
    let line = bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }
    guard let text = String(validating: line, as: UTF8.self), !text.isEmpty, !text.hasControlCharacters else {
      return "has moved to a database; serve it from there"
    }
    return text
  }

  /// Sets the mark, durably on return.
  ///
  /// A mark that is there is replaced, and stays until then. `text` is one line without control characters, of which
  /// ``read(in:)`` takes at most 2048 bytes.
  package static func set(_ text: String, in storage: some LogStorage) throws(LogError) {
    let name = fileName + LogListing.unfinishedSuffix
    let file = try storage.open(name, for: .creating)
    try file.writeAll(Array("\(text)\n".utf8).span, at: 0)
    try file.sync()
    try storage.rename(name, to: fileName)
    try storage.syncDirectory()
  }

  /// Removes the mark, durably on return.
  package static func remove(in storage: some LogStorage) throws(LogError) {
    guard try storage.names().contains(fileName) else { return }
    try storage.remove(fileName)
    try storage.syncDirectory()
  }
}
