import Glibc
import Synchronization

/// A check whether a server could listen at an address. Its failure is one line, not a stack of log lines.
enum ListenAddress {
  /// Binds the address and lets go of it again. Port 0 is always free.
  static func probe(host: String, port: Int) throws(CommandFailure) {
    try HeldAddress(host: host, port: port).close()
  }
}

/// An address that is bound, and not listened on: nobody can connect, and the system gives its port to no program that
/// asks for any port. A program that asks for this very address can have it too, as the server does.
final class HeldAddress: Sendable {
  /// The port; the system's choice if 0 was asked for.
  let port: Int
  private let descriptor: Int32
  private let isClosed = Atomic(false)

  init(host: String, port: Int) throws(CommandFailure) {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, String(port), &hints, &found)
    guard status == 0, let address = found else {
      throw CommandFailure(
        .configuration,
        "http.host \"\(host)\": \(String(cString: gai_strerror(status))); name an address of this machine")
    }
    defer { freeaddrinfo(address) }
    let socket = socket(address.pointee.ai_family, address.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { throw HeldAddress.failure(errno, host, port) }
    var one: Int32 = 1
    // The server asks for the same, so it gets the address beside this socket, which never listens.
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    guard bind(socket, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0,
      let chosen = HeldAddress.port(of: socket)
    else {
      let reason = errno
      Glibc.close(socket)
      throw HeldAddress.failure(reason, host, port)
    }
    descriptor = socket
    self.port = chosen
  }

  deinit { close() }

  func close() {
    if !isClosed.exchange(true, ordering: .relaxed) { Glibc.close(descriptor) }
  }

  private static func port(of socket: Int32) -> Int? {
    // Its port has the same place in an address of IPv6.
    var (address, length) = (sockaddr_in6(), socklen_t(MemoryLayout<sockaddr_in6>.size))
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
    }
    return status == 0 ? Int(UInt16(bigEndian: address.sin6_port)) : nil
  }

  private static func failure(_ code: Int32, _ host: String, _ port: Int) -> CommandFailure {
    let place = "\(host):\(port)"
    switch code {
    case EADDRINUSE:
      return CommandFailure(
        .temporary, "\(place) is in use by another program; stop that program or choose another port with --port")
    case EACCES:
      return CommandFailure(
        .configuration, "\(place) is not allowed for this user; choose a port from 1024 on with --port")
    case EADDRNOTAVAIL:
      return CommandFailure(
        .configuration, "\(place) is not an address of this machine; choose another host with --host")
    default:
      return CommandFailure(
        .inputOutput, "\(place): cannot listen: \(String(cString: strerror(code))); choose another address")
    }
  }
}
