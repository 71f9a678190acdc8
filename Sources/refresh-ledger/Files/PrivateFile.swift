import Platform
import SystemPackage

/// A new file of mode 0600 that gets its name once it is complete and durable.
final class PrivateFile {
  private let path: String
  private let partial: String
  private let what: String
  private let file: OpenFile

  /// Creates the file under a temporary name, or refuses a path that is taken.
  ///
  /// `what` names the contents in messages.
  init(creating path: String, _ what: String) throws(CommandError) {
    try PrivateFile.refuseTaken(path)
    self.path = path
    self.what = what
    // No other run uses this name at the same time.
    partial = "\(path).\(UInt32.random(in: 0 ... .max)).partial"
    do {
      file = try OpenFile(making: partial)
    } catch {
      throw CommandError(
        .cannotCreate, "\(partial): cannot make the file for \(what): \(error); name a place that you may write to")
    }
  }

  /// Refuses a path that is taken.
  static func refuseTaken(_ path: String) throws(CommandError) {
    guard FileStatus(path, followsLinks: false) == nil else {
      throw CommandError(.cannotCreate, "\(path): there is a file already; name another, or move that one away")
    }
  }

  func write(_ text: String) throws(CommandError) {
    do { try file.writeAll(text.utf8.span) } catch {
      throw CommandError(.inputOutput, "\(partial): cannot write \(what): \(error); free space and run this again")
    }
  }

  /// Makes the file durable and gives it its name.
  func keep() throws(CommandError) {
    do { try file.sync() } catch { throw failure("sync", error) }
    // A link does not take a name that another file has by now.
    do { try FileSystem.link(partial, to: path) } catch { throw failure("name", error) }
    let parent = FilePath(path).removingLastComponent()
    try? OpenFolder(parent.isEmpty ? "." : parent.string).sync()
  }

  private func failure(_ operation: String, _ code: Errno) -> CommandError {
    CommandError(.inputOutput, "\(path): cannot \(operation) the file: \(code); run this again")
  }

  deinit { try? FileSystem.remove(partial) }
}
