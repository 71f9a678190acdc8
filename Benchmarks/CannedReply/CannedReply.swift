import Hummingbird

/// Answers `POST /token` with a token pair that was made beforehand, on the loopback address, at the port that its
/// first argument names.
@main
struct CannedReply {
  /// Two replies as long as refresh-ledger's, so that no refresh token is answered with itself.
  static let replies = ["0", "1"].map { digit in
    ByteBuffer(
      string: """
        {"access_token":"\(String(repeating: digit, count: 371))","token_type":"Bearer","expires_in":900,\
        "refresh_token":"\(String(repeating: digit, count: 293))","refresh_expires_in":2592000,"scope":"read write"}
        """)
  }

  static func main() async throws {
    let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8080
    let router = Router()
    router.post("token") { request, _ in
      let form = try await request.body.collect(upTo: 16_384)
      var headers = HTTPFields()
      headers[.contentType] = "application/json"
      headers[.cacheControl] = "no-store"
      let presentsFirst = form.readableBytesView.contains(UInt8(ascii: "0"))
      return Response(
        status: .ok, headers: headers, body: ResponseBody(byteBuffer: replies[presentsFirst ? 1 : 0]))
    }
    let server = Application(
      router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)))
    try await server.runService()
  }
}
