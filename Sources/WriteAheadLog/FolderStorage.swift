internal import Glibc
package import SystemPackage

/// A folder of the file system.
package struct FolderStorage: LogStorage {
  private let folder: FilePath

  package init(path: FilePath) {
    folder = path
  }

  package var path: String { folder.string }

  package func names() throws(LogFailure) -> [String] {
    guard let stream = unsafe opendir(folder.string) else { throw failure("list") }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else {
        guard errno == 0 else { throw failure("list") }
        return names
      }
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
        unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
  }

  package func lock() throws(LogFailure) -> any LogLock {
    if unsafe mkdir(folder.string, 0o700) == 0 {
      // Which may be a link: systemd's StateDirectory is one.
      try sync(folder.removingLastComponent().isEmpty ? "." : folder.removingLastComponent(), following: true)
    } else if errno != EEXIST {
      throw failure("create")
    }
    let file = folder.appending("lock")
    let descriptor = try open(file, .readWrite, [.create])
    guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else {
      let reason = errno
      try? descriptor.close()
      if reason == EWOULDBLOCK { throw .locked(path: path) }
      throw .io(operation: "lock", path: file.string, errno: reason)
    }
    return FolderFile(descriptor, path: file.string)
  }

  package func open(_ name: String, for use: LogFileUse) throws(LogFailure) -> any LogFile {
    let file = folder.appending(name)
    let descriptor =
      switch use {
      case .reading: try open(file, .readOnly, [])
      case .writing: try open(file, .readWrite, [])
      case .creating: try open(file, .readWrite, [.create, .truncate])
      }
    return FolderFile(descriptor, path: file.string)
  }

  package func rename(_ name: String, to newName: String) throws(LogFailure) {
    guard unsafe Glibc.rename(folder.appending(name).string, folder.appending(newName).string) == 0 else {
      throw failure("rename", name)
    }
  }

  package func remove(_ name: String) throws(LogFailure) {
    guard unsafe unlink(folder.appending(name).string) == 0 else { throw failure("remove", name) }
  }

  package func syncDirectory() throws(LogFailure) {
    try sync(folder)
  }

  private func sync(_ directory: FilePath, following: Bool = false) throws(LogFailure) {
    // The dot is of the folder that a link leads to.
    let descriptor = try open(following ? directory.appending(".") : directory, .readOnly, [.directory])
    defer { try? descriptor.close() }
    guard fsync(descriptor.rawValue) == 0 else {
      throw .io(operation: "sync", path: directory.string, errno: errno)
    }
  }

  private func open(
    _ file: FilePath, _ mode: FileDescriptor.AccessMode, _ options: FileDescriptor.OpenOptions
  ) throws(LogFailure) -> FileDescriptor {
    do {
      let descriptor = try FileDescriptor.open(
        file, mode, options: options.union([.closeOnExec, .noFollow]), permissions: .ownerReadWrite)
      if options.contains(.create) { giveToOwner(descriptor) }
      return descriptor
    } catch {
      throw .io(operation: "open", path: file.string, errno: (error as? Errno ?? .ioError).rawValue)
    }
  }

  /// What root makes in another user's folder is that user's: the server that runs as that user could not read it otherwise.
  private func giveToOwner(_ file: FileDescriptor) {
    var (owner, made) = (stat(), stat())
    guard geteuid() == 0, unsafe stat(folder.string, &owner) == 0, owner.st_uid != 0 else { return }
    // A file that has another name too is not ours to give away: its owner may have linked somebody else's into the folder.
    guard unsafe fstat(file.rawValue, &made) == 0, made.st_nlink == 1 else { return }
    fchown(file.rawValue, owner.st_uid, owner.st_gid)
  }

  private func failure(_ operation: String, _ name: String? = nil) -> LogFailure {
    .io(operation: operation, path: name.map { folder.appending($0).string } ?? path, errno: errno)
  }
}

/// A file of a `FolderStorage`, or its lock.
private final class FolderFile: LogFile, LogLock {
  private let descriptor: FileDescriptor
  private let path: String

  init(_ descriptor: FileDescriptor, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit {
    try? descriptor.close()
  }

  func size() throws(LogFailure) -> UInt64 {
    let end = lseek(descriptor.rawValue, 0, SEEK_END)
    guard end >= 0 else { throw failure("measure") }
    return UInt64(end)
  }

  func read(into bytes: inout [UInt8], _ range: Range<Int>, at offset: UInt64) throws(LogFailure) -> Int {
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
      let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[range])
      return unsafe pread(descriptor.rawValue, target.baseAddress, target.count, Int(clamping: offset))
    }
    guard count >= 0 else { throw failure("read") }
    return count
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(LogFailure) -> Int {
    let count = unsafe bytes.withUnsafeBytes { source in
      unsafe pwrite(descriptor.rawValue, source.baseAddress, source.count, Int(clamping: offset))
    }
    guard count >= 0 else { throw failure("write to") }
    return count
  }

  func sync() throws(LogFailure) {
    guard fdatasync(descriptor.rawValue) == 0 else { throw failure("sync") }
  }

  func truncate(to size: UInt64) throws(LogFailure) {
    guard ftruncate(descriptor.rawValue, Int(clamping: size)) == 0 else { throw failure("truncate") }
  }

  private func failure(_ operation: String) -> LogFailure {
    .io(operation: operation, path: path, errno: errno)
  }
}
