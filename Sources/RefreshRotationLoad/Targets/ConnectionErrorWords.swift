internal import AsyncHTTPClient
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import SystemPackage

/// The errors of the HTTP client, explained for the person who gave the address.
package enum ConnectionErrorWords {
  package static func failure(_ error: any Error, at url: String) -> TargetError {
    switch error {
    case is CancellationError: .cancelled
    case let error as HTTPClientError: failure(error, at: url)
    case let error as NIOConnectionError: .connection("\(url) cannot be reached: \(reason(error))")
    case let error as IOError where [.connectionReset, .brokenPipe].contains(Errno(rawValue: error.errnoCode)):
      .connection("the connection to \(url) broke: \(name(ofErrno: error.errnoCode))")
    case let error as IOError: .connection("\(url) cannot be reached: \(name(ofErrno: error.errnoCode))")
    case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: failure(ofTLS: "\(error)", at: url)
    case is ChannelError: .connection("the connection to \(url) broke")
    default: .connection("\(url) did not answer: \(type(of: error))")
    }
  }

  private static func failure(_ error: HTTPClientError, at url: String) -> TargetError {
    switch error {
    case .cancelled, .alreadyShutdown: .cancelled
    case .deadlineExceeded, .readTimeout, .writeTimeout: .timeout("\(url) did not answer in time")
    case .connectTimeout, .getConnectionFromPoolTimeout: .timeout("\(url) did not accept a connection in time")
    case .tlsHandshakeTimeout: .tls("\(url): no TLS connection: the handshake did not end")
    case .remoteConnectionClosed: .connection("\(url) closed the connection without an answer")
    case .invalidURL, .emptyHost, .emptyScheme: .reply("\(url) is no address of a server")
    default: .connection("\(url): \(error.shortDescription)")
    }
  }

  private static func reason(_ error: NIOConnectionError) -> String {
    if let failure = error.connectionErrors.first {
      guard let error = failure.error as? IOError else { return "no connection" }
      return name(ofErrno: error.errnoCode)
    }
    return error.dnsAError == nil && error.dnsAAAAError == nil ? "no connection" : "its name is not known"
  }

  private static func failure(ofTLS text: String, at url: String) -> TargetError {
    text.contains("EOF") || text.contains("uncleanShutdown")
      ? .connection("\(url) closed the connection without an answer")
      : .tls("\(url): no TLS connection: \(reason(ofTLS: text))")
  }

  /// Returns the reason of a TLS error: libssl's text lists positions in its own code, and few of its words help
  /// people.
  private static func reason(ofTLS text: String) -> String {
    if text.contains("CERTIFICATE_VERIFY_FAILED") {
      return "its certificate is not trusted; give --cacert its authority"
    }
    if text.contains("WRONG_VERSION_NUMBER") { return "it does not speak TLS; try http://" }
    if text.contains("failedToValidateHostname") { return "its certificate is for another name" }
    return "the handshake failed"
  }

  private static func name(ofErrno code: CInt) -> String {
    switch Errno(rawValue: code) {
    case .connectionRefused: "connection refused"
    case .connectionReset, .brokenPipe: "reset by the server"
    case .timedOut: "timed out"
    case .noRouteToHost, .networkUnreachable: "no route"
    case .tooManyOpenFiles, .tooManyOpenFilesInSystem:
      "this process may not open more connections; raise the limit (ulimit -n)"
    case .addressNotAvailable: "this machine has no port left for another connection"
    default: "error \(code)"
    }
  }
}
