internal import Platform
internal import SystemPackage

/// The folder of the key files, held by a descriptor: a path that is swapped meanwhile cannot lead elsewhere.
struct KeyFolder: ~Copyable {
  private static let fileBytesMax = 256 * 1024

  let path: String
  private let folder: OpenFolder

  /// Opens the folder, and creates it with mode 0700 if it does not exist.
  ///
  /// A folder whose contents others can change is refused.
  init(openOrCreate path: String) throws(KeyError) {
    let isNew = try Self.explained("cannot be made", at: path, try FileSystem.makeFolder(path))
    let folder = try Self.open(path)
    if isNew {
      folder.giveToParentsOwner()
      let parent = try Self.explained("its parent cannot be opened", at: path, try folder.parent())
      try Self.explained("its parent cannot be synced", at: path, try parent.sync())
    }
    self.init(path: path, folder)
  }

  /// Opens a folder that must exist.
  init(open path: String) throws(KeyError) {
    self.init(path: path, try Self.open(path))
  }

  private init(path: String, _ folder: consuming OpenFolder) {
    self.path = path
    self.folder = folder
  }

  private static func open(_ path: String) throws(KeyError) -> OpenFolder {
    do {
      let folder = try OpenFolder(path, followsLinks: false)
      if try !folder.status().exposure.othersCanChange { return folder }
    } catch {
      switch error {
      case .noSuchFileOrDirectory:
        throw KeyError(.missing, path: path, "there is no such folder of keys; name the data folder of the server")
      case .notDirectory:
        throw KeyError(
          .inputOutput, path: path, "is a file or a link, where the folder of keys belongs; move it away")
      default: throw failure("cannot be opened", error, at: path)
      }
    }
    throw KeyError(.exposed, path: path, "others can change this folder of keys; run: chmod 700 \(path)")
  }

  func path(of name: String) -> String { "\(path)/\(name)" }

  /// Returns the bytes of a file, or nil if there is none.
  ///
  /// A file that others can read or change is refused.
  func read(_ name: String) throws(KeyError) -> [UInt8]? {
    let path = path(of: name)
    guard let file = try Self.explained("cannot be opened", at: path, try folder.openIfPresent(reading: name)) else {
      return nil
    }
    let status = try Self.explained("cannot be looked at", at: path, try file.status())
    guard status.kind == .file else {
      throw KeyError(.malformed, path: path, "is not a file; remove it, and new keys are made")
    }
    guard !status.exposure.othersCanRead, !status.exposure.othersCanChange else {
      throw KeyError(.exposed, path: path, "others can read this key; run: chmod 600 \(path)")
    }
    return try file.keys(path: path, bytesMax: Self.fileBytesMax)
  }

  /// Returns the bytes of a purpose's file, which must exist.
  func present(_ purpose: KeyPurpose) throws(KeyError) -> [UInt8] {
    guard let bytes = try read(purpose.fileName) else {
      throw KeyError(.missing, path: path(of: purpose.fileName), "there is no such key file; restore it from a copy")
    }
    return bytes
  }

  /// Creates a file of mode 0600 that is complete and durable before it gets its name.
  ///
  /// Returns false if the name is taken.
  func create(_ name: String, _ contents: [UInt8]) throws(KeyError) -> Bool {
    let suffix = Base64URL.text(OpenSSLRandom.secret(bytes: 9).span)
    do {
      return try folder.create(name, with: contents, temporaryName: ".\(name).\(suffix).tmp")
    } catch {
      throw failure(error, of: name, naming: "cannot be named")
    }
  }

  /// Replaces a file by a complete and durable one of mode 0600.
  ///
  /// The caller must hold the lock. If this throws, the old file remains, unless the last step failed: then the new
  /// file is in place, and can be lost in a power failure.
  func replace(_ name: String, with contents: [UInt8]) throws(KeyError) {
    do {
      try folder.replace(name, with: contents, temporaryName: Self.temporaryName(of: name))
    } catch {
      throw failure(error, of: name, naming: "cannot be replaced")
    }
  }

  static func temporaryName(of name: String) -> String { ".\(name).tmp" }

  /// Attempts this many times, one every 5 ms, to take the lock for replacing files.
  ///
  /// The lock is released with the folder or when the program ends.
  func lock(tries: Int = 1) -> Bool { (try? folder.lock(tries: tries)) ?? false }

  /// Makes the names of the folder's files durable.
  ///
  /// On a read-only file system there is nothing to do.
  func sync() throws(KeyError) {
    do { try folder.sync() } catch {
      guard [.readOnlyFileSystem, .invalidArgument].contains(error) else {
        throw Self.failure("cannot be synced", error, at: path)
      }
    }
  }

  private func failure(_ failure: FileReplacement.Failure, of name: String, naming: String) -> KeyError {
    let what =
      switch failure.step {
      case .openFolder, .make: "cannot be made"
      case .write: "cannot be written"
      case .name: naming
      case .syncFolder: "its folder cannot be synced"
      }
    return Self.failure(what, failure.code, at: path(of: name))
  }

  private static func failure(_ what: String, _ code: Errno, at path: String) -> KeyError {
    KeyError(.inputOutput, path: path, "\(what): \(code); check the folder's owner and free space")
  }

  private static func explained<Result: ~Copyable>(
    _ what: String, at path: String, _ call: @autoclosure () throws(Errno) -> Result
  ) throws(KeyError) -> Result {
    do { return try call() } catch { throw failure(what, error, at: path) }
  }
}

/// The kind of tokens that the keys of one file sign.
package enum KeyPurpose: String, Sendable, Hashable, CaseIterable {
  /// Access tokens, whose public keys are published.
  case access
  /// Refresh and one-time tokens, with HS256 keys that are never published.
  case refresh

  /// The name of the file in the folder of the keys.
  package var fileName: String { "\(rawValue).json" }
}
