#if Postgres
internal import Glibc

extension TestedServer {
  /// The certificate of the authority that vouches for a server that encrypts.
  package var authority: String { "\(folder)/authority.crt" }

  /// Makes an authority and the server's certificate, for `localhost` alone; returns the settings that use it.
  func makeCertificate() throws -> String {
    try runOpenSSL(["-subj", "/CN=tests", "-keyout", "\(folder)/authority.key", "-out", authority])
    let (key, certificate) = ("\(folder)/server.key", "\(folder)/server.crt")
    try runOpenSSL([
      "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-CA", authority, "-CAkey",
      "\(folder)/authority.key", "-keyout", key, "-out", certificate,
    ])
    chmod(key, 0o600)
    for name in ["server.key", "server.crt"] { try hand(over: name) }
    return "ssl = on\nssl_key_file = '\(key)'\nssl_cert_file = '\(certificate)'"
  }

  /// Makes a key and a certificate of it, good for a day.
  private func runOpenSSL(_ arguments: [String]) throws {
    let common = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
    ]
    let log = "\(folder)/openssl.log"
    guard try ChildProgram(common + arguments, log: log).waitForEnd() == 0 else {
      throw TestedServerFailure(description: "openssl makes no certificate: see \(log)")
    }
  }
}
#endif
