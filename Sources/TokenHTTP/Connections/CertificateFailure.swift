/// Why a certificate or its key cannot be used.
public struct CertificateFailure: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Fault: Sendable, Hashable {
    case noCertificate
    case noKey
    /// The key is not that of the certificate.
    case mismatch
  }

  public var path: String
  public var fault: Fault

  public var description: String {
    switch fault {
    case .noCertificate: "\(path): cannot be read as a PEM certificate; name a file that begins with BEGIN CERTIFICATE"
    case .noKey: "\(path): cannot be read as a PEM private key without a passphrase; name the certificate's key file"
    case .mismatch: "\(path): is not the key of the certificate; name the files of one pair"
    }
  }
}
