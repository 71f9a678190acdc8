internal import Glibc
package import SystemPackage

/// A file put in its place as a whole: readers see the old content or the new, also after a power loss.
///
/// The bytes go into a temporary file of mode 0600, which is synced, given its name, and the folder is synced.
package enum FileReplacement {
  /// The call that was refused; before `syncFolder` nothing has changed.
  package enum Step: Sendable, Hashable {
    case openFolder, make, write, name
    /// The new file stands, and may not survive a power loss.
    case syncFolder
  }

  package struct Failure: Error, Sendable, Hashable {
    package let step: Step
    package let code: Errno
  }

  /// Replaces `path`, under a lock that keeps other writers away.
  ///
  /// - Parameter temporaryName: a name beside it, which a cut-off call may have left behind; it is removed first.
  package static func replace(
    _ path: String, with bytes: [UInt8], temporaryName: String
  ) throws(Failure) {
    let folder = try at(.openFolder, try OpenFolder(FileSystem.folder(of: path)))
    try folder.replace(FileSystem.name(of: path), with: bytes, temporaryName: temporaryName)
  }

  fileprivate static func at<Result: ~Copyable>(
    _ step: Step, _ call: @autoclosure () throws(Errno) -> Result
  ) throws(Failure) -> Result {
    do { return try call() } catch { throw Failure(step: step, code: error) }
  }
}

extension OpenFolder {
  /// Puts a complete and durable file in the place of one, under a lock that keeps other writers away.
  package func replace(
    _ name: String, with bytes: [UInt8], temporaryName: String
  ) throws(FileReplacement.Failure) {
    try? remove(temporaryName)
    do throws(FileReplacement.Failure) {
      try write(bytes, to: temporaryName)
      try FileReplacement.at(.name, try rename(temporaryName, to: name))
    } catch {
      try? remove(temporaryName)
      throw error
    }
    try syncNames()
  }

  /// Makes a file that is complete and durable before it has its name; false if the name is taken.
  ///
  /// - Parameter temporaryName: one that no other program has at the same time.
  package func create(
    _ name: String, with bytes: [UInt8], temporaryName: String
  ) throws(FileReplacement.Failure) -> Bool {
    defer { try? remove(temporaryName) }
    try write(bytes, to: temporaryName)
    let isNamed = try FileReplacement.at(.name, try give(name, to: temporaryName))
    try syncNames()
    return isNamed
  }

  private func write(_ bytes: [UInt8], to temporaryName: String) throws(FileReplacement.Failure) {
    let file = try FileReplacement.at(.make, try make(temporaryName))
    try FileReplacement.at(.write, try fill(file, with: bytes))
  }

  private func fill(_ file: borrowing OpenFile, with bytes: [UInt8]) throws(Errno) {
    try file.setMode(OpenFile.mode)
    try file.writeAll(bytes.span)
    try file.sync()
  }

  /// A link never replaces, so the first of two programs wins; on a file system without links a rename has to do.
  private func give(_ name: String, to temporaryName: String) throws(Errno) -> Bool {
    do throws(Errno) {
      try link(temporaryName, to: name)
      return true
    } catch {
      if error == .fileExists { return false }
      guard [.notPermitted, .notSupportedOnSocket, .noFunction].contains(error) else { throw error }
      try rename(temporaryName, to: name)
      return true
    }
  }

  private func syncNames() throws(FileReplacement.Failure) {
    try FileReplacement.at(.syncFolder, try sync())
  }
}
