/// A key or key file that cannot be used. The description is one line: where, what, the fix. It never holds a key.
package struct KeyFailure: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Kind: Sendable, Hashable {
    /// There is no such file.
    case missing
    /// Reading, writing or syncing failed.
    case inputOutput
    /// A file or folder that others can read or change.
    case exposed
    /// Not a key file, or no usable key in it.
    case malformed
    /// A key that is too short, or that is used for two purposes.
    case weak
  }

  package let kind: Kind
  package let path: String
  package let message: String

  package var description: String { path.isEmpty ? message : "\(path): \(message)" }

  init(_ kind: Kind, path: String = "", _ message: String) {
    self.kind = kind
    self.path = path
    self.message = message
  }

  /// The same failure, said of this file.
  func at(_ path: String) -> KeyFailure { KeyFailure(kind, path: path, message) }
}
