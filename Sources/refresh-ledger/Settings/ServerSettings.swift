import TokenEngine
import TokenHTTP
import TokenLedger
import TokenSigning
import WriteAheadLog

/// All settings of the server. The values here are the defaults, as far as no other setting decides on them.
struct ServerSettings {
  static let standard = ServerSettings()

  /// Everything but the certificate, which is not read yet.
  var http = ServerOptions()
  /// The path of the PEM file; empty for plaintext, as the key's then is too.
  var certificatePath = ""
  var certificateKeyPath = ""
  /// Whether plaintext may be spoken where other machines can connect.
  var allowsPlaintext = false
  /// How long a shutdown waits for requests under way.
  var drain = Duration.seconds(25)
  var isConsoleServed = false
  /// The path of the console, whether it is served or not.
  var consolePlace = "/console"
  /// Everything but the durability, before the settings were checked against each other.
  var engine = EngineOptions()
  var durability = DurabilitySetting.always
  /// With durability `interval`: how often the log is synced.
  var syncInterval = Duration.seconds(1)
  /// Where sessions, accounts and keys are kept.
  var store = StoreSettings()
  /// Whether `tokens.issuer` is set. If not, ``IssuerChoice`` decides.
  var isIssuerSet = false
  /// Whether `tokens.audience` is set. If not, it is the issuer.
  var isAudienceSet = false

  /// How many connections one address may have where other machines can connect, if nothing else is set.
  static let exposedConnectionsPerAddress = 1000

  /// The paths of the certificate and its key; nil for plaintext.
  var certificate: (certificate: String, key: String)? {
    certificatePath.isEmpty || certificateKeyPath.isEmpty ? nil : (certificatePath, certificateKeyPath)
  }

  /// The path of the console; nil if it is not served.
  var consolePath: String? { isConsoleServed ? consolePlace : nil }

  /// Takes the issuer of all tokens, which is their audience too if no other is set.
  mutating func issue(as issuer: String) {
    engine.issuer = issuer
    if !isAudienceSet { engine.audience = issuer }
  }

  /// The files that the settings name, which may lie in the data folder.
  var namedFiles: [String] { (certificate.map { [$0.certificate, $0.key] } ?? []) + store.masterKeys }

  /// Whether other machines can connect.
  var isExposed: Bool {
    let octets = http.host.split(separator: ".", omittingEmptySubsequences: false)
    let isIPv4 = octets.count == 4 && octets.allSatisfy { UInt8($0) != nil }
    return !((isIPv4 && octets[0] == "127") || http.host == "::1" || http.host.lowercased() == "localhost")
  }

  private static let loopbacks = ["0.0.0.0": "127.0.0.1", "::": "::1"]

  /// Whether the server listens on every address of the machine.
  var listensEverywhere: Bool { Self.loopbacks[http.host] != nil }

  /// The URL of a server that listens on `port`, with the path prefix.
  func url(port: Int) -> String { url(host: http.host, port: port) }

  /// The same for clients of this machine: nobody can connect to an address that stands for all of a machine's.
  func reachableURL(port: Int) -> String { url(host: Self.loopbacks[http.host] ?? http.host, port: port) }

  private func url(host: String, port: Int) -> String {
    // The zone of an address has its percent sign escaped (RFC 6874).
    let written = host.contains(":") ? "[\(host.replacing("%", with: "%25"))]" : host
    return "\(certificate == nil ? "http" : "https")://\(written):\(port)\(http.pathPrefix)"
  }
}

/// `log.durability`, and the option of `load`.
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
