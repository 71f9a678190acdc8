internal import Glibc
internal import Synchronization
package import SystemPackage

/// An address that is bound, but not listened on.
///
/// Only a server that asks for this very address gets it too, and nobody can connect.
package final class HeldAddress: Sendable {
  package enum Refusal: Error, Sendable, Hashable {
    /// The host is not a name or an address; the text is the system's.
    case unknownHost(String)
    case system(Errno)
  }

  /// The port, which the system has chosen if 0 was asked for.
  package let port: Int
  private let descriptor: CInt
  private let isClosed = Atomic(false)

  package init(host: String, port: Int) throws(Refusal) {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let status = unsafe getaddrinfo(host, String(port), &hints, &found)
    guard status == 0, let address = unsafe found else {
      throw .unknownHost(unsafe String(cString: gai_strerror(status)))
    }
    defer { unsafe freeaddrinfo(address) }
    let socket = unsafe socket(
      address.pointee.ai_family, address.pointee.ai_socktype | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { throw .system(.current) }
    var one: CInt = 1
    // The server sets the same option, so that it gets the address beside this socket, which never listens.
    unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<CInt>.size))
    guard unsafe bind(socket, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0,
      let chosen = HeldAddress.port(of: socket)
    else {
      let refusal = Errno.current
      Glibc.close(socket)
      throw .system(refusal)
    }
    descriptor = socket
    self.port = chosen
  }

  deinit { close() }

  package func close() {
    if !isClosed.exchange(true, ordering: .relaxed) { Glibc.close(descriptor) }
  }

  private static func port(of socket: CInt) -> Int? {
    // The port is at the same offset in an IPv6 address.
    var (address, length) = (sockaddr_in6(), socklen_t(MemoryLayout<sockaddr_in6>.size))
    let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(socket, $0, &length) }
    }
    return status == 0 ? Int(UInt16(bigEndian: address.sin6_port)) : nil
  }
}

/// Conversions of Internet addresses to bytes.
package enum AddressText {
  /// Returns the 4 bytes of an IPv4 address, or nil for any other text.
  package static func ipv4(_ text: String) -> [UInt8]? { bytes(text, AF_INET, count: 4) }

  /// Returns the 16 bytes of an IPv6 address, or nil for any other text.
  package static func ipv6(_ text: String) -> [UInt8]? { bytes(text, AF_INET6, count: 16) }

  private static func bytes(_ text: String, _ family: CInt, count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    return unsafe inet_pton(family, text, &bytes) == 1 ? bytes : nil
  }
}

/// Datagrams to another program on this machine.
package enum LocalDatagram {
  /// The upper bound of a name's bytes; a name has fewer.
  package static var nameBytesEnd: Int { MemoryLayout.size(ofValue: sockaddr_un().sun_path) }

  /// Sends bytes as one datagram, and waits up to `patienceSeconds` for a socket that is full.
  ///
  /// `name` is a path, or an abstract name, which begins with a zero byte.
  package static func send(_ bytes: [UInt8], to name: [UInt8], patienceSeconds: Int) throws(Errno) {
    precondition(name.count < nameBytesEnd, "a name that no socket has")
    let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .current }
    defer { close(descriptor) }
    var patience = timeval(tv_sec: patienceSeconds, tv_usec: 0)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    // The length excludes the zeroes after the name, which would be part of an abstract one.
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    let sent = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe sendto(descriptor, bytes, bytes.count, 0, $0, length)
      }
    }
    guard sent == bytes.count else { throw .current }
  }
}
