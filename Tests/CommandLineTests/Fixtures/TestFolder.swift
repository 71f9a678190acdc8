import Foundation
import Glibc
import Testing

/// A folder that is gone after the test.
final class TestFolder: Sendable {
  let path: String

  init() throws {
    var template = Array((FileManager.default.temporaryDirectory.path + "/refresh-ledger-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file and returns its path.
  func write(_ name: String, _ text: String) throws -> String {
    let file = "\(path)/\(name)"
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    return file
  }

  /// Every file under `folder` with its bytes.
  static func contents(of folder: String) throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder), !isFolder.boolValue
      else { continue }
      contents[name] = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
    return contents
  }

  /// Asserts that nobody but a server that runs on `folder` changed it since `before`.
  ///
  /// Such a server may append to its log at any time: it records the time once a minute.
  static func expectOnlyAppends(
    in folder: String, since before: [String: Data], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let after = try contents(of: folder)
    #expect(after.keys.sorted() == before.keys.sorted(), sourceLocation: sourceLocation)
    for (name, bytes) in before {
      let isLog = name.hasSuffix(".lz4")
      let kept = isLog ? bytes.prefix((bytes.lastIndex { $0 != 0 } ?? -1) + 1) : bytes
      let now = after[name].map { isLog ? $0.prefix(kept.count) : $0 }
      #expect(now == kept, "\(name) has other bytes", sourceLocation: sourceLocation)
    }
  }

  static func mode(of path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
  }
}
