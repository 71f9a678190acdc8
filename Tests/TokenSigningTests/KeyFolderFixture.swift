import Glibc
import Platform
import Testing

@testable import TokenSigning

/// A folder of keys in a folder of its own, removed with it.
struct KeyFolderFixture: ~Copyable {
  /// It does not exist yet.
  let path: String
  private let parent: String

  init() throws {
    var template = Array("/tmp/token-keys-XXXXXX".utf8CString)
    parent = try #require(mkdtemp(&template).map { String(cString: $0) })
    path = "\(parent)/keys"
  }

  deinit {
    // A link that a test left in place of the folder: what it leads to is not this fixture's to empty.
    unlink(path)
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
    rmdir(parent)
  }

  var files: KeyFiles { KeyFiles(folder: path) }

  /// What lies in the folder.
  var names: [String] { Self.names(in: path) }

  static func names(in folder: String) -> [String] { (try? FileSystem.names(in: folder).sorted()) ?? [] }

  func mode(_ name: String) -> mode_t {
    var status = stat()
    return lstat("\(path)/\(name)", &status) == 0 ? status.st_mode & 0o7777 : 0
  }

  func text(_ name: String) throws -> String {
    String(decoding: try OpenFile(reading: "\(path)/\(name)").contents(bytesMax: 1 << 20), as: UTF8.self)
  }

  func write(_ text: String, to name: String) {
    let file = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    #expect(Glibc.write(file, text, text.utf8.count) == text.utf8.count)
    close(file)
  }

  /// The keys of a file as "state algorithm", in its order.
  func states(_ purpose: KeyPurpose = .access) throws -> [String] {
    let keys = try TokenKeys.open(folder: path)
    return (purpose == .access ? keys.access : keys.refresh).map { "\($0.state.rawValue) \($0.algorithm.rawValue)" }
  }
}
