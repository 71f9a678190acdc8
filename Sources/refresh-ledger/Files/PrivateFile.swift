import Glibc
import SystemPackage

/// A new file of mode 0600 that gets its name once it is whole and durable.
final class PrivateFile {
  private let path: String
  private let partial: String
  private let what: String
  private let file: FileDescriptor

  /// - Parameter what: names the contents in messages.
  init(creating path: String, _ what: String) throws(CommandFailure) {
    try PrivateFile.refuseTaken(path)
    self.path = path
    self.what = what
    // A name that no other run has at the same time.
    partial = "\(path).\(UInt32.random(in: 0 ... .max)).partial"
    do {
      file = try FileDescriptor.open(
        FilePath(partial), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
        permissions: .ownerReadWrite)
    } catch {
      throw CommandFailure(
        .cannotCreate, "\(partial): cannot make the file for \(what): \(error); name a place that you may write to")
    }
  }

  /// Refuses a path that is taken.
  static func refuseTaken(_ path: String) throws(CommandFailure) {
    guard FileStatus(path, followsLinks: false) == nil else {
      throw CommandFailure(.cannotCreate, "\(path): there is a file already; name another, or move that one away")
    }
  }

  func write(_ text: String) throws(CommandFailure) {
    do { _ = try file.writeAll(text.utf8) } catch {
      throw CommandFailure(.inputOutput, "\(partial): cannot write \(what): \(error); free space and run this again")
    }
  }

  /// Makes it durable and gives it its name.
  func keep() throws(CommandFailure) {
    guard fsync(file.rawValue) == 0 else { throw failure("sync") }
    // A link takes no name that another has by now.
    guard link(partial, path) == 0 else { throw failure("name") }
    let parent = FilePath(path).removingLastComponent()
    if let folder = try? FileDescriptor.open(
      parent.isEmpty ? "." : parent, .readOnly, options: [.directory, .closeOnExec])
    {
      fsync(folder.rawValue)
      try? folder.close()
    }
  }

  private func failure(_ operation: String) -> CommandFailure {
    CommandFailure(
      .inputOutput, "\(path): cannot \(operation) the file: \(String(cString: strerror(errno))); run this again")
  }

  deinit {
    try? file.close()
    unlink(partial)
  }
}
