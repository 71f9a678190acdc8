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
      giveFolderToOwner()
      // Which may be a link: systemd's StateDirectory is one.
      try sync(folder.removingLastComponent().isEmpty ? "." : folder.removingLastComponent(), following: true)
    } else if errno != EEXIST {
      throw failure("create")
    }
    let file = folder.appending("lock")
    let descriptor = try openLock(file)
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
      case .creating: try create(file)
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
      if options.contains(.exclusiveCreate) { giveToOwner(descriptor) }
      return descriptor
    } catch {
      throw .io(operation: "open", path: file.string, errno: (error as? Errno ?? .ioError).rawValue)
    }
  }

  private func openLock(_ file: FilePath) throws(LogFailure) -> FileDescriptor {
    do throws(LogFailure) { return try open(file, .readWrite, [.create, .exclusiveCreate]) } catch {
      guard case .io(_, _, EEXIST) = error else { throw error }
      return try open(file, .readWrite, [])
    }
  }

  /// What had the name is gone before, not emptied: it may have another name elsewhere.
  private func create(_ file: FilePath) throws(LogFailure) -> FileDescriptor {
    if unsafe unlink(file.string) != 0, errno != ENOENT {
      throw .io(operation: "replace", path: file.string, errno: errno)
    }
    return try open(file, .readWrite, [.create, .exclusiveCreate])
  }

  /// What root makes in another user's folder is that user's: the server that runs as that user could not read it otherwise. Only for
  /// what was made by this call: anything else may have been put there by its owner to be given it.
  private func giveToOwner(_ file: FileDescriptor) {
    var owner = stat()
    guard geteuid() == 0, unsafe stat(folder.string, &owner) == 0, owner.st_uid != 0 else { return }
    fchown(file.rawValue, owner.st_uid, owner.st_gid)
  }

  /// The same for the folder itself, made in another user's one.
  private func giveFolderToOwner() {
    guard geteuid() == 0, let made = try? open(folder, .readOnly, [.directory]) else { return }
    defer { try? made.close() }
    var (owner, own) = (stat(), stat())
    guard unsafe fstatat(made.rawValue, "..", &owner, 0) == 0, owner.st_uid != 0 else { return }
    guard unsafe fstat(made.rawValue, &own) == 0, own.st_uid == 0, own.st_nlink <= 2 else { return }
    fchown(made.rawValue, owner.st_uid, owner.st_gid)
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
