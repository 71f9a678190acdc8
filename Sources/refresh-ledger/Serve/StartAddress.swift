import Logging
import Platform
import TokenEngine
import TokenHTTP

/// The address of a server that starts, and its issuer.
///
/// Both are known before the log is opened, since every token names the issuer.
struct StartAddress {
  /// The settings with the issuer, and with the port that will be bound.
  private(set) var settings: ServerSettings
  /// The address, with the port that the system chose for `http.port: 0`, held until the server listens on it.
  private let held: HeldAddress
  /// The data folder, or nil if there is none.
  private let folder: String?
  /// True if this start decided on the issuer that the folder keeps.
  private var isFirst = false
  private var notice: (level: Logger.Level, text: Logger.Message)?

  /// Takes the address, and keeps the issuer in the folder if it is new.
  init(_ settings: ServerSettings, folder: String) throws(CommandError) {
    self.settings = settings
    self.folder = folder
    let choice = try IssuerChoice.find(settings, folder: folder)
    // This comes first: an address that is not available must not be kept, and a long log not be read in vain.
    held = try ListenAddress.hold(host: settings.http.host, port: settings.http.port)
    self.settings.http.port = held.port
    let file = IssuerFile(folder: folder)
    let served = self.settings.reachableURL(port: self.settings.http.port)
    switch choice {
    case .set: break
    case .kept(let issuer):
      self.settings.issue(as: issuer)
      guard issuer != served else { break }
      notice = (
        .warning,
        "tokens are issued for \(issuer), which \(file.path) keeps, but this start serves \(served); if clients use another address now, set tokens.issuer to it, which invalidates every token issued so far"
      )
    case .earlier(let issuer):
      try file.keep(issuer)
      self.settings.issue(as: issuer)
      notice = (
        .notice,
        "tokens.issuer is not set: tokens are issued for \(issuer), as by the release before, which \(file.path) keeps from now on; set tokens.issuer for another address"
      )
    case .open:
      try file.keep(served)
      isFirst = true
      self.settings.issue(as: served)
      let rest =
        settings.listensEverywhere ? "; other machines cannot reach that address, so set tokens.issuer for them" : ""
      notice = (
        .notice,
        "tokens.issuer is not set: tokens are issued for \(served), where this first start serves, which \(file.path) keeps\(rest)"
      )
    }
  }

  /// Takes the address of a server on a database, which has the issuer.
  init(shared settings: ServerSettings) throws(CommandError) {
    self.settings = settings
    folder = nil
    held = try ListenAddress.hold(host: settings.http.host, port: settings.http.port)
    self.settings.http.port = held.port
  }

  /// Logs the issuer, if the folder decided on it.
  func tell(_ logger: Logger) {
    if let notice { logger.log(level: notice.level, notice.text) }
  }

  /// Removes the issuer of a start that failed before any token could be issued.
  func withdraw() {
    if let folder, isFirst, !IssuerChoice.hasLog(folder) { IssuerFile(folder: folder).remove() }
  }

  /// Releases the address, which nobody else can take once the server listens.
  func letGo() { held.close() }
}
