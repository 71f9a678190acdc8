internal import Glibc
internal import Platform

/// The folder that holds the key files, by descriptor: a path that is swapped under us cannot lead elsewhere.
struct KeyFolder: ~Copyable {
  private static let fileBytesMax = 256 * 1024

  let path: String
  private let descriptor: CInt

  /// Made with mode 0700 when it does not exist. Refused when others can change what is in it.
  init(openOrCreate path: String) throws(KeyFailure) {
    let isNew = unsafe mkdir(path, 0o700) == 0
    if !isNew && errno != EEXIST { throw Self.failure("cannot be made", at: path) }
    self.init(path: path, descriptor: try Self.open(path, isNew: isNew))
  }

  /// A folder that must exist.
  init(open path: String) throws(KeyFailure) {
    self.init(path: path, descriptor: try Self.open(path, isNew: false))
  }

  private init(path: String, descriptor: CInt) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  private static func open(_ path: String, isNew: Bool) throws(KeyFailure) -> CInt {
    let descriptor = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    if descriptor < 0 && errno == ENOENT {
      throw KeyFailure(.missing, path: path, "there is no such folder of keys; name the data folder of the server")
    }
    if descriptor < 0 && errno == ENOTDIR {
      throw KeyFailure(.inputOutput, path: path, "is a file or a link, where the folder of keys belongs; move it away")
    }
    guard descriptor >= 0 else { throw failure("cannot be opened", at: path) }
    do {
      try check(descriptor, at: path)
      if isNew {
        giveToParentsOwner(descriptor)
        try syncParent(of: descriptor, at: path)
      }
      return descriptor
    } catch {
      close(descriptor)
      throw error
    }
  }

  /// The folder, which was just made, where it is root's in another user's.
  private static func giveToParentsOwner(_ folder: CInt) {
    var (owner, own) = (stat(), stat())
    guard geteuid() == 0, unsafe fstatat(folder, "..", &owner, 0) == 0, owner.st_uid != 0 else { return }
    guard unsafe fstat(folder, &own) == 0, own.st_uid == 0, own.st_nlink <= 2 else { return }
    fchown(folder, owner.st_uid, owner.st_gid)
  }

  private static func check(_ descriptor: CInt, at path: String) throws(KeyFailure) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw failure("cannot be looked at", at: path) }
    guard !FileExposure(mode: UInt32(status.st_mode), group: UInt32(status.st_gid)).othersCanChange else {
      throw KeyFailure(.exposed, path: path, "others can change this folder of keys; run: chmod 700 \(path)")
    }
  }

  private static func syncParent(of descriptor: CInt, at path: String) throws(KeyFailure) {
    let parent = unsafe openat(descriptor, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard parent >= 0 else { throw failure("its parent cannot be opened", at: path) }
    defer { close(parent) }
    guard fsync(parent) == 0 else { throw failure("its parent cannot be synced", at: path) }
  }

  func path(of name: String) -> String { "\(path)/\(name)" }

  /// The bytes of a file, or nil when there is none. Refuses a file that others can read or change.
  func read(_ name: String) throws(KeyFailure) -> [UInt8]? {
    let path = path(of: name)
    let file = unsafe openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    if file < 0 && errno == ENOENT { return nil }
    guard file >= 0 else { throw Self.failure("cannot be opened", at: path) }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0 else { throw Self.failure("cannot be looked at", at: path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw KeyFailure(.malformed, path: path, "is not a file; remove it, and new keys are made")
    }
    let exposure = FileExposure(mode: UInt32(status.st_mode), group: UInt32(status.st_gid))
    guard !exposure.othersCanRead, !exposure.othersCanChange else {
      throw KeyFailure(.exposed, path: path, "others can read this key; run: chmod 600 \(path)")
    }
    return try FileBytes.read(file, path: path, bytesMax: Self.fileBytesMax)
  }

  /// The bytes of a purpose's file, which must exist.
  func present(_ purpose: KeyPurpose) throws(KeyFailure) -> [UInt8] {
    guard let bytes = try read(purpose.fileName) else {
      throw KeyFailure(.missing, path: path(of: purpose.fileName), "there is no such key file; restore it from a copy")
    }
    return bytes
  }

  /// Makes a file of mode 0600 that is complete and durable before it has its name; false when the name is taken.
  func create(_ name: String, _ contents: [UInt8]) throws(KeyFailure) -> Bool {
    let path = path(of: name)
    let suffix = Base64URL.text(OpenSSLRandom.secret(bytes: 9).span)
    let temporary = ".\(name).\(suffix).tmp"
    defer { _ = unsafe unlinkat(descriptor, temporary, 0) }
    try write(contents, to: temporary, for: path)
    let isNamed = try give(name, to: temporary)
    guard fsync(descriptor) == 0 else { throw Self.failure("its folder cannot be synced", at: path) }
    return isNamed
  }

  /// Puts a complete and durable file of mode 0600 in the place of one; call it under the lock.
  ///
  /// When it throws, the old file stands, save where the last step failed: then the new one does, and may be lost in a
  /// power failure.
  func replace(_ name: String, with contents: [UInt8]) throws(KeyFailure) {
    let path = path(of: name)
    let temporary = Self.temporaryName(of: name)
    // What a cut-off change left behind; the lock keeps others away from it.
    _ = unsafe unlinkat(descriptor, temporary, 0)
    do throws(KeyFailure) {
      try write(contents, to: temporary, for: path)
      guard unsafe renameat(descriptor, temporary, descriptor, name) == 0 else {
        throw Self.failure("cannot be replaced", at: path)
      }
    } catch {
      _ = unsafe unlinkat(descriptor, temporary, 0)
      throw error
    }
    guard fsync(descriptor) == 0 else { throw Self.failure("its folder cannot be synced", at: path) }
  }

  static func temporaryName(of name: String) -> String { ".\(name).tmp" }

  /// Tries for the lock under which files are replaced; it is let go of with the folder, or with the program.
  func lock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

  /// Makes the names of the folder's files durable; there is nothing to be done where nothing can be written.
  func sync() throws(KeyFailure) {
    guard fsync(descriptor) == 0 || errno == EROFS || errno == EINVAL else {
      throw Self.failure("cannot be synced", at: path)
    }
  }

  private func write(_ contents: [UInt8], to temporary: String, for path: String) throws(KeyFailure) {
    let file = unsafe openat(descriptor, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Self.failure("cannot be made", at: path) }
    defer { close(file) }
    giveToOwner(file)
    guard fchmod(file, 0o600) == 0, FileBytes.write(contents, to: file), fsync(file) == 0 else {
      throw Self.failure("cannot be written", at: path)
    }
  }

  /// What root makes in another user's folder is that user's: the server that runs as that user could not read it otherwise.
  private func giveToOwner(_ file: CInt) {
    var status = stat()
    guard geteuid() == 0, unsafe fstat(descriptor, &status) == 0, status.st_uid != 0 else { return }
    fchown(file, status.st_uid, status.st_gid)
  }

  /// A link never replaces, so the first of two programs wins; where there are no links, a rename has to do.
  private func give(_ name: String, to temporary: String) throws(KeyFailure) -> Bool {
    if unsafe linkat(descriptor, temporary, descriptor, name, 0) == 0 { return true }
    if errno == EEXIST { return false }
    if errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS {
      if unsafe renameat(descriptor, temporary, descriptor, name) == 0 { return true }
    }
    throw Self.failure("cannot be named", at: path(of: name))
  }

  private static func failure(_ what: String, at path: String) -> KeyFailure {
    KeyFailure(.inputOutput, path: path, "\(what): \(FileBytes.lastError); check the folder's owner and free space")
  }
}
