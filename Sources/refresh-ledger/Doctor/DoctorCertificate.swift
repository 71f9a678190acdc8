import Platform
import TokenEngine
import TokenHTTP

/// The findings on the certificate of TLS.
struct DoctorCertificate {
  let settings: ServerSettings

  func findings() -> [DoctorFinding] {
    guard let paths = settings.certificate else { return [] }
    let certificate: ServerCertificate
    do {
      certificate = try ServerCertificate(certificate: paths.certificate, key: paths.key)
    } catch {
      return [.problem("certificate", error.description)]
    }
    var findings: [DoctorFinding] = []
    let left = certificate.expiresAtSeconds - SessionClock.system.now().seconds
    let days = left / 86_400
    let fix = "put a new one in its place and send the server SIGHUP"
    switch left {
    case ..<0: findings.append(.problem("certificate", "\(paths.certificate) has expired", fix: fix))
    case ..<(14 * 86_400):
      findings.append(.warning("certificate", "\(paths.certificate) ends in \(days) days", fix: fix))
    default: findings.append(.ok("certificate", "\(paths.certificate) ends in \(days) days"))
    }
    if let exposure = FileExposure(path: paths.key), exposure.othersCanRead || exposure.othersCanChange {
      findings.append(
        .warning(
          "certificate", "others can read its key \(paths.key)", fix: "chmod 600 \(ShellText.quoted(paths.key))"))
    }
    return findings
  }
}
