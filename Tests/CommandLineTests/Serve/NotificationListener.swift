import Foundation
import Glibc

/// A datagram socket as a service manager binds it, and what came through it.
final class NotificationListener {
  private let socket: Int32
  /// What the variable `NOTIFY_SOCKET` says.
  let name: String
  private(set) var heard: [String] = []

  /// A name that begins with `@` is an abstract one; any other is a path.
  init(_ name: String) throws {
    self.name = name
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = name.utf8.enumerated().map { $0.offset == 0 && $0.element == UInt8(ascii: "@") ? 0 : $0.element }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(socket, $0, length) }
    }
    guard status == 0 else { throw ChildCommand.Failure(description: "cannot bind \(name): \(errno)") }
  }

  deinit { close(socket) }

  var environment: [String: String] { ["NOTIFY_SOCKET": name] }

  /// Listens until a datagram has this line, and returns all that came since the last call.
  @discardableResult
  func wait(for line: String, seconds: Int = 30) throws -> [String] {
    let deadline = ContinuousClock.now + .seconds(seconds)
    var fresh: [String] = []
    while ContinuousClock.now < deadline {
      var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, 100) > 0 else { continue }
      var piece = [UInt8](repeating: 0, count: 4096)
      let count = recv(socket, &piece, piece.count, 0)
      guard count > 0 else { break }
      fresh.append(String(decoding: piece.prefix(count), as: UTF8.self))
      heard.append(fresh[fresh.count - 1])
      if fresh[fresh.count - 1].split(separator: "\n").contains(where: { $0 == line }) { return fresh }
    }
    throw ChildCommand.Failure(description: "\"\(line)\" was not heard, only \(heard)")
  }
}
