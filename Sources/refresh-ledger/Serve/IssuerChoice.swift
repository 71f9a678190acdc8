import TokenEngine
import TokenHTTP

/// For which issuer a data folder's tokens are: what is set, else what the folder keeps, else the address that is served.
enum IssuerChoice: Equatable {
  /// By `tokens.issuer`; the folder keeps nothing then.
  case set
  case kept(String)
  /// By a release that kept none: what was the default then, or its tokens would end.
  case earlier(String)
  /// No token can have been issued yet.
  case open

  static func find(_ settings: ServerSettings, folder: String) throws(CommandFailure) -> IssuerChoice {
    if settings.isIssuerSet { return .set }
    if let issuer = try IssuerFile(folder: folder).read() { return .kept(issuer) }
    return hasLog(folder) ? .earlier(EngineOptions().issuer) : .open
  }

  /// Whether tokens may have been issued: each has its record.
  static func hasLog(_ folder: String) -> Bool {
    FolderNames.list("\(folder)/log")?.contains { $0.hasSuffix(".lz4") } ?? false
  }

  /// The settings for a command that issues tokens without a server. What it decides is kept; what it must say is told to `tell`.
  static func settle(
    _ settings: ServerSettings, folder: String, tell: (String) -> Void
  ) throws(CommandFailure) -> ServerSettings {
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
        throw CommandFailure(
          .configuration,
          "\(folder): with http.port 0 nobody knows yet where the server will be, and tokens name it; set tokens.issuer"
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
