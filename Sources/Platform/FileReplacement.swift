internal import Glibc
package import SystemPackage

/// The replacement of a file as a whole: readers see the old content or the new, even after a power failure.
///
/// The bytes are written to a temporary file of mode 0600, which is synced and renamed, and then the folder is synced.
package enum FileReplacement {
  /// The call that was refused; before `syncFolder` nothing has changed.
  package enum Step: Sendable, Hashable {
    case openFolder, make, write, name
    /// The new file is in place, and may not survive a power failure.
    case syncFolder
  }

  package struct Failure: Error, Sendable, Hashable {
    package let step: Step
    package let code: Errno
  }

  /// Replaces `path`.
  ///
  /// The caller must hold a lock that keeps other writers away. The new content is durable on return.
  ///
  /// - Parameters:
  ///   - path: The path of the file, which need not exist.
  ///   - bytes: The whole new content.
  ///   - temporaryName: A name beside it. An interrupted call may have left it behind; it is removed first.
  /// - Throws: `Failure` with the step that was refused.
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
  /// Replaces a file by a complete and durable one.
  ///
  /// The caller must hold a lock that keeps other writers away.
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

  /// Creates a file that is complete and durable before it gets its name.
  ///
  /// - Parameters:
  ///   - name: The name of the file in this folder.
  ///   - bytes: The whole content.
  ///   - temporaryName: A name that no other program uses at the same time.
  /// - Returns: False if the name is taken; the file of that name is unchanged.
  /// - Throws: `FileReplacement.Failure` with the step that was refused.
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

  /// Gives the file its name.
  ///
  /// A link never replaces a file, so the first of two programs wins; a file system without links needs a rename.
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
