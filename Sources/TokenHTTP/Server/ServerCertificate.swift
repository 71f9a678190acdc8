internal import NIOCore
package import NIOSSL
internal import Synchronization

/// The certificate and key that a server speaks TLS with, read from PEM files and read again on demand.
///
/// Open connections keep the certificate that they began with.
public final class ServerCertificate: Sendable {
  private struct Loaded {
    var chain: [NIOSSLCertificate]
    var key: NIOSSLPrivateKey
  }

  private let certificatePath: String
  private let keyPath: String
  private let loaded: Mutex<Loaded>

  /// Reads both files.
  ///
  /// - Parameters:
  ///   - certificate: The path of the certificate, followed in the same file by what its chain needs.
  ///   - key: The path of its private key, without a passphrase.
  /// - Throws: ``CertificateError`` if one of the files cannot be read or holds no PEM of its kind, or if they do not
  ///   belong together.
  public init(certificate: String, key: String) throws(CertificateError) {
    certificatePath = certificate
    keyPath = key
    loaded = Mutex(try Self.load(certificate, key))
  }

  /// Reads the files again and uses them for new connections.
  ///
  /// If this throws, the certificate in use stays.
  public func reload() throws(CertificateError) {
    let fresh = try Self.load(certificatePath, keyPath)
    loaded.withLock { $0 = fresh }
  }

  /// The end of the certificate, in seconds since 1970.
  public var expiresAtSeconds: Int64 {
    loaded.withLock { Int64($0.chain[0].notValidAfter) }
  }

  /// The cipher suites of TLS 1.2 that RFC 9325 §4.2 recommends: forward secrecy and authenticated encryption.
  ///
  /// TLS 1.3 has no others.
  private static let suites: [NIOTLSCipher] = [
    .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
  ]

  /// The configuration of a server with this certificate and TLS 1.2 at least.
  package var configuration: TLSConfiguration {
    let first = loaded.withLock { ($0.chain, $0.key) }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: first.0.map { .certificate($0) }, privateKey: .privateKey(first.1))
    configuration.minimumTLSVersion = .tlsv12
    configuration.cipherSuiteValues = Self.suites
    configuration.sslContextCallback = { [self] _, promise in
      promise.succeed(
        loaded.withLock { loaded in
          var override = NIOSSLContextConfigurationOverride()
          override.certificateChain = loaded.chain.map { .certificate($0) }
          override.privateKey = .privateKey(loaded.key)
          return override
        })
    }
    return configuration
  }

  private static func load(_ certificatePath: String, _ keyPath: String) throws(CertificateError) -> Loaded {
    let chain: [NIOSSLCertificate]
    do { chain = try NIOSSLCertificate.fromPEMFile(certificatePath) } catch {
      throw CertificateError(path: certificatePath, fault: .noCertificate)
    }
    guard !chain.isEmpty else { throw CertificateError(path: certificatePath, fault: .noCertificate) }
    let key: NIOSSLPrivateKey
    do { key = try NIOSSLPrivateKey(file: keyPath, format: .pem) } catch {
      throw CertificateError(path: keyPath, fault: .noKey)
    }
    do {
      _ = try NIOSSLContext(
        configuration: .makeServerConfiguration(
          certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key)))
    } catch {
      throw CertificateError(path: keyPath, fault: .mismatch)
    }
    return Loaded(chain: chain, key: key)
  }
}

/// The reason why a certificate or its key cannot be used.
public struct CertificateError: Error, Sendable, Hashable, CustomStringConvertible {
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
