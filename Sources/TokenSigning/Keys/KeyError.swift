internal import Platform
internal import SystemPackage

/// A key or key file that cannot be used.
///
/// The description is one line with the place, the cause and the fix. It never holds a key.
package struct KeyError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Kind: Sendable, Hashable {
    /// The file does not exist.
    case missing
    /// Reading, writing or syncing failed.
    case inputOutput
    /// The database that holds the keys does not answer.
    case unavailable
    /// Others can read or change the file or folder.
    case exposed
    /// The file is not a key file, or has no usable key.
    case malformed
    /// The key is too short, or is used for two purposes.
    case weak
  }

  package let kind: Kind
  package let path: String
  package let message: String

  package var description: String { path.isEmpty ? message : "\(path): \(message)" }

  package init(_ kind: Kind, path: String = "", _ message: String) {
    self.kind = kind
    self.path = path
    self.message = message
  }

  /// Returns the same error for the file at this path.
  func at(_ path: String) -> KeyError { KeyError(kind, path: path, message) }
}

extension OpenFile {
  /// Returns the whole contents of a file of keys.
  borrowing func keys(path: String, bytesMax: Int) throws(KeyError) -> [UInt8] {
    do { return try contents(bytesMax: bytesMax) } catch {
      switch error {
      case .tooLarge:
        throw KeyError(.malformed, path: path, "is larger than \(bytesMax / 1024) KiB; give a file of keys only")
      case .refused(let code): throw KeyError(.inputOutput, path: path, "cannot be read: \(code)")
      }
    }
  }

  /// Returns the whole contents of a file of keys that the user named, following links.
  static func keys(at path: String, bytesMax: Int) throws(KeyError) -> [UInt8] {
    let file: OpenFile
    do { file = try OpenFile(reading: path, followsLinks: true) } catch {
      let kind: KeyError.Kind = error == .noSuchFileOrDirectory ? .missing : .inputOutput
      throw KeyError(kind, path: path, "cannot be opened: \(error); check the path and its permissions")
    }
    if (try? file.status())?.isFolder == true {
      throw KeyError(.missing, path: path, "is a folder, not a file; name a file of keys")
    }
    return try file.keys(path: path, bytesMax: bytesMax)
  }
}
