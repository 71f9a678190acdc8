#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Why the server cannot listen where it should.
public struct ListenFailure: Error, Sendable, CustomStringConvertible {
  public enum Reason: Sendable, Hashable {
    case portInUse
    /// Ports below 1024 need a right that this process does not have.
    case notPermitted
    /// The host is no name or address of this machine.
    case noSuchAddress
    case other(String)
  }

  public var host: String
  public var port: Int
  public var reason: Reason

  public init(host: String, port: Int, reason: Reason) {
    self.host = host
    self.port = port
    self.reason = reason
  }

  public var description: String {
    switch reason {
    case .portInUse: "cannot listen on \(host):\(port): the port is in use; stop what listens there or choose another"
    case .notPermitted: "cannot listen on \(host):\(port): it is not permitted; choose a port from 1024 on"
    case .noSuchAddress:
      "cannot listen on \(host):\(port): this machine has no such address; name one of its own, such as 127.0.0.1"
    case .other(let what): "cannot listen on \(host):\(port): \(what); check the host and port"
    }
  }
}

extension ListenFailure.Reason {
  /// What an error number of the system means for listening.
  init(errorNumber: CInt) {
    switch errorNumber {
    case EADDRINUSE: self = .portInUse
    case EACCES, EPERM: self = .notPermitted
    case EADDRNOTAVAIL: self = .noSuchAddress
    default: self = .other("error \(errorNumber)")
    }
  }
}
