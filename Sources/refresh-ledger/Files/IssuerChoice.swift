import Platform
import TokenAccounts
import TokenEngine
import TokenHTTP

/// The issuer of a data folder's tokens: the one that is set, or else the one that the folder keeps, or else the served
/// address.
enum IssuerChoice: Equatable {
  /// The issuer is set by `tokens.issuer`, and the folder keeps none.
  case set
  case kept(String)
  /// The issuer is the default of a release that kept none; with another one its tokens would be refused.
  case earlier(String)
  /// The issuer is open, since no token can have been issued yet.
  case open

  static func find(_ settings: ServerSettings, folder: String) throws(CommandError) -> IssuerChoice {
    if settings.isIssuerSet { return .set }
    if let issuer = try IssuerFile(folder: folder).read() { return .kept(issuer) }
    return hasLog(folder) ? .earlier(EngineOptions().issuer) : .open
  }

  /// Checks whether tokens can have been issued, since each has its record.
  static func hasLog(_ folder: String) -> Bool {
    (try? FileSystem.names(in: "\(folder)/log"))?.contains { $0.hasSuffix(".lz4") } ?? false
  }

  /// Decides on the issuer for a command that issues tokens without a server, keeps it, and returns the settings with
  /// it.
  ///
  /// `tell` is called with what the command must say.
  static func settle(
    _ settings: ServerSettings, folder: String, tell: (String) -> Void
  ) throws(CommandError) -> ServerSettings {
    var settings = settings
    let file = IssuerFile(folder: folder)
    switch try find(settings, folder: folder) {
    case .set: break
    case .kept(let issuer): settings.issue(as: issuer)
    case .earlier(let issuer):
      try file.keep(issuer)
      settings.issue(as: issuer)
    case .open:
      guard settings.http.port != 0 else {
        throw CommandError(
          .configuration,
          "\(folder): with http.port 0 the server's address is not known yet, but tokens must name it; set tokens.issuer"
        )
      }
      let issuer = settings.reachableURL(port: settings.http.port)
      try file.keep(issuer)
      settings.issue(as: issuer)
      tell("tokens are issued for \(issuer), which \(file.path) keeps; set tokens.issuer for another address")
    }
    return settings
  }
}

/// The issuer that a data folder keeps if `tokens.issuer` is not set: one line, in a file of mode 0600.
struct IssuerFile {
  static let name = "issuer"
  let path: String

  /// The most bytes that are read.
  ///
  /// It is more than any issuer has, so that a longer one gets its own message.
  private static let bytesMax = 4096

  init(folder: String) {
    path = "\(folder)/\(IssuerFile.name)"
  }

  /// Reads the issuer, or returns nil if there is none.
  func read() throws(CommandError) -> String? {
    guard FileStatus(path, followsLinks: false) != nil else { return nil }
    var bytes = try InputFile.read(path, "kept issuer", bytesMax: Self.bytesMax)
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    guard let issuer = String(validating: bytes, as: UTF8.self), (1...256).contains(bytes.count),
      !issuer.hasControlCharacters
    else {
      throw CommandError(
        .configuration,
        "\(path): is not an issuer; write the address that the tokens were issued for in one line, or set tokens.issuer"
      )
    }
    return issuer
  }

  /// Writes the issuer completely or not at all.
  func keep(_ issuer: String) throws(CommandError) {
    do {
      try FileReplacement.replace(path, with: Array("\(issuer)\n".utf8), temporaryName: "\(IssuerFile.name).tmp")
    } catch {
      throw CommandError(AccountError(error, replacing: path, by: path + ".tmp"))
    }
  }

  func remove() { try? FileSystem.remove(path) }

  /// Copies the issuer to a copy of a data folder's log, whose tokens would be refused without it.
  static func copy(from source: String, to target: String) throws(CommandError) {
    guard let issuer = try IssuerFile(folder: source).read() else { return }
    let copy = IssuerFile(folder: target)
    if try copy.read() == nil { try copy.keep(issuer) }
  }
}
