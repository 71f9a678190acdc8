import Glibc
import SystemPackage

/// Another program's datagram socket: by its path, or by its name in Linux's abstract namespace where that begins with `@`.
struct NotificationSocket: Sendable {
  /// As the system takes it: an abstract name begins with a zero byte.
  private let name: [UInt8]

  /// How long a full socket is waited for.
  private static let patienceSeconds = 1

  /// Nil where it is neither such a path nor such a name, or longer than an address can be.
  init?(_ text: String) {
    var name = Array(text.utf8)
    guard let first = name.first, name.count > 1, !name.contains(0) else { return nil }
    guard first == UInt8(ascii: "/") || first == UInt8(ascii: "@") else { return nil }
    guard name.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) else { return nil }
    if first == UInt8(ascii: "@") { name[0] = 0 }
    self.name = name
  }

  /// Sends the text as one datagram.
  func send(_ text: String) throws(Errno) {
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    defer { close(descriptor) }
    var patience = timeval(tv_sec: Self.patienceSeconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    // Without the zeroes after the name, which would be part of an abstract one.
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    let bytes = Array(text.utf8)
    let sent = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, bytes, bytes.count, 0, $0, length)
      }
    }
    guard sent == bytes.count else { throw Errno(rawValue: errno) }
  }
}
