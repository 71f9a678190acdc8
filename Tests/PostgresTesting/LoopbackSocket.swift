#if Postgres
internal import Glibc

/// One side of a TCP connection on this machine, or what listens for such.
///
/// Its calls block, and are for any thread.
final class LoopbackSocket: Sendable {
  private let descriptor: CInt

  private init(_ descriptor: CInt) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  convenience init(connectedTo port: Int) throws {
    self.init(try Self.make())
    var address = Self.loopback(port)
    let status = Self.withPointer(to: &address) { connect(descriptor, $0, $1) }
    guard status == 0 else { throw TestedServerFailure(description: "no connection to port \(port): \(errno)") }
  }

  /// Listens on a free port.
  static func listener() throws -> (LoopbackSocket, port: Int) {
    let listener = LoopbackSocket(try make())
    var address = loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withPointer(to: &address) { pointer, length in bind(listener.descriptor, pointer, length) }
    guard status == 0, listen(listener.descriptor, 64) == 0,
      withUnsafeMutablePointer(
        to: &address,
        { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener.descriptor, $0, &length) }
        }) == 0
    else { throw TestedServerFailure(description: "no port is free: \(errno)") }
    return (listener, Int(UInt16(bigEndian: address.sin_port)))
  }

  /// Waits for a connection; nil when it is shut down.
  func accept() -> LoopbackSocket? {
    let accepted = Glibc.accept(descriptor, nil, nil)
    guard accepted >= 0 else { return nil }
    _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
    Self.sendAtOnce(accepted)
    return LoopbackSocket(accepted)
  }

  /// Some bytes; nil at the end.
  func read() -> [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
      count = max(0, recv(descriptor, buffer.baseAddress, buffer.count, 0))
    }
    return bytes.isEmpty ? nil : bytes
  }

  /// Writes all of it; returns false if the other side does not read any more.
  @discardableResult
  func write(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Ends both directions, for whoever waits on it too.
  func shutDown() { shutdown(descriptor, CInt(SHUT_RDWR)) }

  private static func make() throws -> CInt {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw TestedServerFailure(description: "no socket is left: \(errno)") }
    sendAtOnce(descriptor)
    return descriptor
  }

  private static func sendAtOnce(_ descriptor: CInt) {
    var one: CInt = 1
    setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
  }

  private static func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  private static func withPointer(
    to address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
  ) -> CInt {
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
}
#endif
