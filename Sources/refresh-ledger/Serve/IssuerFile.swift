import Glibc
import Platform
import TokenAccounts

/// The issuer that a data folder keeps where `tokens.issuer` is not set: one line, in a file of mode 0600.
struct IssuerFile {
  static let name = "issuer"
  let path: String

  /// More than any issuer has, so that what is wrong with a long one can be said.
  private static let bytesMax = 4096

  init(folder: String) {
    path = "\(folder)/\(IssuerFile.name)"
  }

  /// Nil where there is none.
  func read() throws(CommandFailure) -> String? {
    guard FileStatus(path, followsLinks: false) != nil else { return nil }
    var bytes = try InputFile.read(path, "kept issuer", bytesMax: Self.bytesMax)
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    guard let issuer = String(validating: bytes, as: UTF8.self), (1...256).contains(bytes.count),
      !issuer.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else {
      throw CommandFailure(
        .configuration,
        "\(path): is not an issuer; write the address that the tokens were issued for in one line, or set tokens.issuer"
      )
    }
    return issuer
  }

  /// Puts it there whole, or not at all.
  func keep(_ issuer: String) throws(CommandFailure) {
    do {
      try FileReplacement.replace(path, with: Array("\(issuer)\n".utf8), temporaryName: "\(IssuerFile.name).tmp")
    } catch {
      throw CommandFailure(AccountFailure(error, replacing: path, by: path + ".tmp"))
    }
  }

  func remove() { unlink(path) }

  /// For a copy of a data folder's log: without its issuer the tokens in the log would be refused there.
  static func copy(from source: String, to target: String) throws(CommandFailure) {
    guard let issuer = try IssuerFile(folder: source).read() else { return }
    let copy = IssuerFile(folder: target)
    if try copy.read() == nil { try copy.keep(issuer) }
  }
}
