import TokenEngine
import TokenHTTP
import TokenLedger
import TokenSigning
import WriteAheadLog

/// All settings of the server.
///
/// The values here are the defaults, unless they follow from other settings.
struct ServerSettings {
  static let standard = ServerSettings()

  /// The HTTP settings, without the certificate, which is not read yet.
  var http = ServerOptions()
  /// The path of the PEM file of the certificate, empty for plaintext.
  var certificatePath = ""
  var certificateKeyPath = ""
  /// True if plaintext is allowed where other machines can connect.
  var allowsPlaintext = false
  /// The time for which a shutdown waits for requests under way.
  var drain = Duration.seconds(25)
  /// The cookies for pages.
  var cookies = CookieSettings()
  var isConsoleServed = false
  /// The path of the console, whether it is served or not.
  var consolePlace = "/console"
  /// The engine's options, without the durability until the settings were checked against each other.
  var engine = EngineOptions()
  var durability = DurabilitySetting.always
  /// The interval of syncing the log, for durability `interval`.
  var syncInterval = Duration.seconds(1)
  /// The place of sessions, accounts and keys.
  var store = StoreSettings()
  /// True if `tokens.issuer` is set.
  ///
  /// If it is not, ``IssuerChoice`` decides.
  var isIssuerSet = false
  /// True if `tokens.audience` is set.
  ///
  /// If it is not, the audience is the issuer.
  var isAudienceSet = false

  /// The most connections of one address if other machines can connect and nothing else is set.
  static let exposedConnectionsPerAddress = 1000

  /// The paths of the certificate and its key, or nil for plaintext.
  var certificate: (certificate: String, key: String)? {
    certificatePath.isEmpty || certificateKeyPath.isEmpty ? nil : (certificatePath, certificateKeyPath)
  }

  /// The path of the console, or nil if it is not served.
  var consolePath: String? { isConsoleServed ? consolePlace : nil }

  /// Sets the issuer of all tokens, which is their audience too if no other is set.
  mutating func issue(as issuer: String) {
    engine.issuer = issuer
    if !isAudienceSet { engine.audience = issuer }
  }

  /// The files that the settings name, which can be in the data folder.
  var namedFiles: [String] { (certificate.map { [$0.certificate, $0.key] } ?? []) + store.masterKeys }

  /// True if other machines can connect.
  var isExposed: Bool {
    let octets = http.host.split(separator: ".", omittingEmptySubsequences: false)
    let isIPv4 = octets.count == 4 && octets.allSatisfy { UInt8($0) != nil }
    return !((isIPv4 && octets[0] == "127") || http.host == "::1" || http.host.lowercased() == "localhost")
  }

  private static let loopbacks = ["0.0.0.0": "127.0.0.1", "::": "::1"]

  /// True if the server listens on every address of the machine.
  var listensEverywhere: Bool { Self.loopbacks[http.host] != nil }

  /// Returns the URL of a server that listens on `port`, with the path prefix.
  func url(port: Int) -> String { url(host: http.host, port: port) }

  /// Returns the URL for clients on this machine, since nobody can connect to an address that stands for all of a
  /// machine's.
  func reachableURL(port: Int) -> String { url(host: Self.loopbacks[http.host] ?? http.host, port: port) }

  private func url(host: String, port: Int) -> String {
    // The percent sign in the zone of an address is escaped (RFC 6874).
    let written = host.contains(":") ? "[\(host.replacing("%", with: "%25"))]" : host
    return "\(certificate == nil ? "http" : "https")://\(written):\(port)\(http.pathPrefix)"
  }
}

/// The values of `log.durability`, and of the option of `load`.
enum DurabilitySetting: String, CaseIterable {
  case always
  case interval
  case none

  func durability(_ syncInterval: Duration) -> Durability {
    switch self {
    case .always: .always
    case .interval: .interval(syncInterval)
    case .none: .none
    }
  }
}
