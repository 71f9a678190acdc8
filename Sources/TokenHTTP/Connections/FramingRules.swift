internal import NIOHTTP1

/// Where a request of HTTP/1 ends must be beyond doubt for every proxy in front: what RFC 9112 lets a server refuse for that, and the parser
/// takes, is refused.
enum FramingRules {
  enum Verdict: Hashable {
    /// - isLast: nothing after this request is read from the connection.
    /// - awaitsContinue: the client sends no body before it is told to (RFC 9110 §10.1.1).
    case pass(isLast: Bool, awaitsContinue: Bool)
    case refuse
  }

  static func verdict(on head: HTTPRequestHead) -> Verdict {
    guard head.version.major == 1, head.version.minor <= 1 else { return .refuse }
    let isOld = head.version.minor == 0
    guard hasOneHost(head.headers["host"], isOld: isOld) else { return .refuse }
    let codings = head.headers["transfer-encoding"]
    if !codings.isEmpty {
      // A coding that we do not know, one more than `chunked`, and one in HTTP/1.0 (RFC 9112 §6.1).
      guard !isOld, codings.count == 1, codings[0].lowercased() == "chunked" else { return .refuse }
      guard head.headers["content-length"].isEmpty else { return .refuse }
    }
    let expectations = head.headers["expect"]
    guard expectations.allSatisfy({ $0.lowercased() == "100-continue" }) else { return .refuse }
    // Of what comes after these two, the parser reads nothing.
    let leavesHTTP = head.method == .CONNECT || !head.headers["upgrade"].isEmpty
    return .pass(isLast: leavesHTTP || !head.isKeepAlive, awaitsContinue: !isOld && !expectations.isEmpty)
  }

  /// RFC 9112 §3.2.
  private static func hasOneHost(_ hosts: [String], isOld: Bool) -> Bool {
    guard let host = hosts.first else { return isOld }
    return hosts.count == 1 && host.utf8.allSatisfy { (0x21...0x7E).contains($0) && !",/?#@\\\"<>".utf8.contains($0) }
  }
}
