import Foundation
import Glibc
import Synchronization

/// A token endpoint on a free port of the loopback address that answers as a test wants, right or wrong.
final class LoadTestEndpoint: Sendable {
  struct Reply {
    var status = 200
    var headers: [String] = []
    var body = ""

    static func token(_ token: String) -> Reply {
      Reply(body: #"{"access_token":"a","token_type":"Bearer","refresh_token":"\#(token)"}"#)
    }

    static let refused = Reply(status: 400, body: #"{"error":"invalid_grant"}"#)
  }

  let port: UInt16
  private let listener: Int32
  private let connections = Mutex<Set<Int32>>([])
  private let answer: @Sendable (_ form: [String: String]) -> Reply

  var url: String { "http://127.0.0.1:\(port)" }

  init(
    _ answer: @escaping @Sendable ([String: String]) -> Reply, onConnection: @escaping @Sendable () -> Void = {}
  ) throws {
    self.answer = answer
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(listener, pointer, length) | listen(listener, 512) | getsockname(listener, pointer, &length)
      }
    }
    guard status == 0 else { throw ChildCommand.Failure(description: "cannot listen") }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [weak self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0, let self else { return }
        self.connections.withLock { _ = $0.insert(connection) }
        onConnection()
        Thread.detachNewThread { [weak self] in
          while let self, let form = Self.readForm(connection), Self.send(self.answer(form), connection) {}
          close(connection)
          if let self { self.connections.withLock { _ = $0.remove(connection) } }
        }
      }
    }
  }

  deinit { stop() }

  /// Dies as a server that is killed: nothing is answered any more, and nobody listens.
  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    connections.withLock { for connection in $0 { shutdown(connection, Int32(SHUT_RDWR)) } }
  }

  private static func readForm(_ connection: Int32) -> [String: String]? {
    var received: [UInt8] = []
    let separator = Array("\r\n\r\n".utf8)
    while true {
      if let end = received.firstRange(of: separator) {
        let head = String(decoding: received[..<end.lowerBound], as: UTF8.self).lowercased()
        let length =
          head.split(separator: "content-length: ").dropFirst().first.flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
        if received.count - end.upperBound >= length {
          return form(String(decoding: received[end.upperBound...].prefix(length), as: UTF8.self))
        }
      }
      var piece = [UInt8](repeating: 0, count: 8192)
      let count = recv(connection, &piece, piece.count, 0)
      guard count > 0 else { return nil }
      received += piece.prefix(count)
      // Who begins with TLS is answered in plain text.
      if received.first == 0x16 {
        _ = send(Reply(status: 400), connection)
        return nil
      }
    }
  }

  private static func form(_ text: String) -> [String: String] {
    var form: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1)
      form[String(parts[0])] = parts.count > 1 ? String(parts[1]).removingPercentEncoding ?? "" : ""
    }
    return form
  }

  private static func send(_ reply: Reply, _ connection: Int32) -> Bool {
    let headers = (["Content-Type: application/json", "Content-Length: \(reply.body.utf8.count)"] + reply.headers)
      .joined(separator: "\r\n")
    let text = Array("HTTP/1.1 \(reply.status) X\r\n\(headers)\r\n\r\n\(reply.body)".utf8)
    return Glibc.send(connection, text, text.count, Int32(MSG_NOSIGNAL)) == text.count
  }
}
