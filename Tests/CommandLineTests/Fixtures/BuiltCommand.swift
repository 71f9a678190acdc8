import Foundation
import Glibc

/// The `refresh-ledger` that the build put beside the tests.
enum BuiltCommand {
  static let path: String = {
    let arguments = CommandLine.arguments
    var folders: [String] = []
    if let position = arguments.firstIndex(of: "--test-bundle-path"), position + 1 < arguments.count {
      folders.append(folder(of: arguments[position + 1]))
    }
    folders += arguments.first.map { [folder(of: $0)] } ?? []
    folders.append(Bundle.main.bundlePath)
    return folders.map { $0 + "/refresh-ledger" }.first { access($0, X_OK) == 0 } ?? "refresh-ledger is not built"
  }()

  /// The folder of the sources, with the documents and golden files.
  static let repository = (0..<4).reduce(URL(filePath: #filePath)) { folder, _ in folder.deletingLastPathComponent() }

  private static func folder(of path: String) -> String {
    path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
  }
}
