internal import Platform
package import SystemPackage

/// A folder of the file system.
package struct FolderStorage: LogStorage {
  private let folder: FilePath

  package init(path: FilePath) {
    folder = path
  }

  package var path: String { folder.string }

  package func names() throws(LogError) -> [String] {
    try explained("list", path, try FileSystem.names(in: path))
  }

  package func lock() throws(LogError) -> any LogLock {
    if try explained("create", path, try FileSystem.makeFolder(path)) {
      (try? OpenFolder(path, followsLinks: false))?.giveToParentsOwner()
      let parent = folder.removingLastComponent()
      // The parent may be a link, as systemd's StateDirectory is.
      try sync(parent.isEmpty ? "." : parent.string, followsLinks: true)
    }
    let place = path(of: "lock")
    let file = try explained("open", place, try OpenFile.lockFile(place))
    guard try explained("lock", place, try file.lock()) else { throw .locked(path: path) }
    return FolderFile(file, path: place)
  }

  package func open(_ name: String, for use: LogFileUse) throws(LogError) -> any LogFile {
    let place = path(of: name)
    switch use {
    case .reading: return FolderFile(try explained("open", place, try OpenFile(reading: place)), path: place)
    case .writing: return FolderFile(try explained("open", place, try OpenFile(changing: place)), path: place)
    case .creating:
      // The file with that name is removed and not truncated, since it may have another name elsewhere.
      try explained("replace", place, try FileSystem.removeIfPresent(place))
      let file = try explained("open", place, try OpenFile(making: place))
      file.giveToOwner(of: path)
      return FolderFile(file, path: place)
    }
  }

  package func rename(_ name: String, to newName: String) throws(LogError) {
    let place = path(of: name)
    try explained("rename", place, try FileSystem.rename(place, to: path(of: newName)))
  }

  package func remove(_ name: String) throws(LogError) {
    let place = path(of: name)
    try explained("remove", place, try FileSystem.remove(place))
  }

  package func syncDirectory() throws(LogError) {
    try sync(path)
  }

  private func path(of name: String) -> String { folder.appending(name).string }

  private func sync(_ directory: String, followsLinks: Bool = false) throws(LogError) {
    let opened = try explained("open", directory, try OpenFolder(directory, followsLinks: followsLinks))
    try explained("sync", directory, try opened.sync())
  }
}

/// Calls the system and turns its error into one of the log.
private func explained<Result: ~Copyable>(
  _ operation: String, _ path: String, _ call: @autoclosure () throws(Errno) -> Result
) throws(LogError) -> Result {
  do { return try call() } catch { throw .io(operation: operation, path: path, errno: error.rawValue) }
}

/// A file of a `FolderStorage`, or its lock.
private final class FolderFile: LogFile, LogLock {
  private let file: OpenFile
  private let path: String

  init(_ file: consuming OpenFile, path: String) {
    self.file = file
    self.path = path
  }

  func size() throws(LogError) -> UInt64 {
    try explained("measure", path, try file.size())
  }

  func read(into bytes: inout [UInt8], _ range: Range<Int>, at offset: UInt64) throws(LogError) -> Int {
    try explained("read", path, try file.read(into: &bytes, range, at: offset))
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(LogError) -> Int {
    try explained("write to", path, try file.write(bytes, at: offset))
  }

  func sync() throws(LogError) {
    try explained("sync", path, try file.syncContent())
  }

  func writeOut(_ range: Range<UInt64>) throws(LogError) {
    try explained("write out", path, try file.writeOut(range))
  }

  func truncate(to size: UInt64) throws(LogError) {
    try explained("truncate", path, try file.truncate(to: size))
  }
}
