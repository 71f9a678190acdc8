import Logging
import TokenEngine
import TokenHTTP
import TokenLedger

/// The certificate that the settings name, and the log lines about it for an operator.
enum TLSCertificate {
  /// Reads the certificate, or returns nil if none is named.
  static func load(_ settings: ServerSettings, logger: Logger) throws(CommandError) -> ServerCertificate? {
    guard let paths = settings.certificate else { return nil }
    let certificate: ServerCertificate
    do { certificate = try ServerCertificate(certificate: paths.certificate, key: paths.key) } catch {
      throw CommandError(.configuration, "http.tls: \(error.description)")
    }
    report(certificate, logger: logger)
    if settings.isIssuerSet, settings.engine.issuer.hasPrefix("http://") {
      logger.notice(
        "tokens.issuer begins with http:// though the server speaks TLS; clients that check metadata refuse that")
    }
    return certificate
  }

  /// Logs the expiry of the certificate, as an error or a warning if it has expired or soon will.
  static func report(_ certificate: ServerCertificate, logger: Logger) {
    let left = certificate.expiresAtSeconds - SessionClock.system.now().seconds
    let days = left / 86_400
    switch left {
    case ..<0: logger.error("the TLS certificate has expired; put a new one in its place and send SIGHUP")
    case ..<(14 * 86_400): logger.warning("the TLS certificate expires in \(FigureText.counted(Int(days), "day"))")
    default: logger.info("the TLS certificate expires in \(FigureText.counted(Int(days), "day"))")
    }
  }
}
