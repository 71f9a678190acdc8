import Foundation
import Glibc

/// One HTTP/1.1 connection to a server on this machine.
///
/// Its calls block, so it belongs on a thread of its own.
final class TestConnection {
  private let socket: Int32
  private var received: [UInt8] = []

  init(port: UInt16) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw ChildCommand.Failure(description: "cannot connect to port \(port)") }
  }

  deinit { close(socket) }

  func get(_ path: String, bearer: String? = nil) throws -> TestReply {
    try send("GET", path, headers: bearer.map { ["Authorization": "Bearer \($0)"] } ?? [:], body: "")
  }

  func send(_ method: String, _ path: String, headers: [String: String], body: String) throws -> TestReply {
    var request = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n"
    for (name, value) in headers { request += "\(name): \(value)\r\n" }
    try write(request + "\r\n" + body)
    return try reply()
  }

  func write(_ text: String) throws {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw ChildCommand.Failure(description: "the connection broke while sending") }
      bytes = bytes.dropFirst(count)
    }
  }

  /// What comes with the next read, and all before that.
  func readSome() throws -> String {
    try receive()
    return String(decoding: received, as: UTF8.self)
  }

  /// All that comes until the server closes; what has not ended after 30 s is a failure.
  func readToEnd() throws -> String {
    while true {
      var piece = [UInt8](repeating: 0, count: 16_384)
      let count = recv(socket, &piece, piece.count, 0)
      guard count != 0, count > 0 || errno == ECONNRESET else {
        guard count == 0 else { throw ChildCommand.Failure(description: "the connection stays open") }
        return String(decoding: received, as: UTF8.self)
      }
      guard count > 0 else { return String(decoding: received, as: UTF8.self) }
      received += piece.prefix(count)
    }
  }

  private func reply() throws -> TestReply {
    let separator = Array("\r\n\r\n".utf8)
    while received.firstRange(of: separator) == nil { try receive() }
    guard let end = received.firstRange(of: separator) else { throw ChildCommand.Failure(description: "no head") }
    let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
    received.removeSubrange(..<end.upperBound)
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    }
    let length = Int(headers["content-length"] ?? "") ?? 0
    while received.count < length { try receive() }
    let body = String(decoding: received[..<length], as: UTF8.self)
    received.removeSubrange(..<length)
    let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return TestReply(status: status, headers: headers, body: body)
  }

  private func receive() throws {
    var piece = [UInt8](repeating: 0, count: 16_384)
    let count = recv(socket, &piece, piece.count, 0)
    guard count > 0 else { throw ChildCommand.Failure(description: "the connection broke") }
    received += piece.prefix(count)
  }
}

struct TestReply: Sendable {
  var status: Int
  var headers: [String: String]
  var body: String

  /// A member of the body that is a string; empty where there is none.
  func member(_ name: String) -> String {
    let object = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
    return object?[name] as? String ?? ""
  }
}
