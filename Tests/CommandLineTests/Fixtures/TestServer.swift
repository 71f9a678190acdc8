import Foundation
import Glibc

/// A server of the real command on a free port of the loopback address.
final class TestServer: Sendable {
  let child: ChildCommand
  let banner: String
  let port: UInt16
  /// Without a path and a slash.
  let url: String

  /// Starts the server and waits until it listens.
  convenience init(
    data: String, config: String? = nil, options: [String] = [], environment: [String: String] = [:]
  ) throws {
    var arguments = ["serve", "--data", data, "--port", "0"] + options
    if let config { arguments += ["--config", config] }
    try self.init(ChildCommand(BuiltCommand.path, arguments, environment: environment))
  }

  /// Waits until a server that was started listens.
  init(_ started: ChildCommand) throws {
    child = started
    banner = try child.read { $0.contains("listens on ") && $0.hasSuffix("\n\n") || $0.contains("--secret-stdin\n") }
    let scheme = banner.contains("listens on https://") ? "https" : "http"
    let address = banner.split(separator: "listens on \(scheme)://127.0.0.1:").dropFirst().first ?? ""
    guard let port = UInt16(address.prefix { $0.isNumber }) else {
      throw ChildCommand.Failure(description: "the server did not start: \(child.errors)")
    }
    self.port = port
    url = "\(scheme)://127.0.0.1:\(port)"
  }

  /// A value of the first start's banner, such as `PASSWORD`.
  func secret(_ name: String) throws -> String {
    guard let value = banner.split(separator: "\(name)='").dropFirst().first?.split(separator: "'").first else {
      throw ChildCommand.Failure(description: "no \(name) in the banner")
    }
    return String(value)
  }

  /// Returns once the server has said so on its standard error output.
  func waitForLog(_ text: String, seconds: Int = 20) throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while !child.errors.contains(text) {
      guard ContinuousClock.now < deadline else {
        throw ChildCommand.Failure(description: "the server did not say \"\(text)\": \(child.errors)")
      }
      usleep(10_000)
    }
  }

  func connect() throws -> TestConnection {
    try TestConnection(port: port)
  }

  /// SIGTERM, and the exit code.
  func stop() throws -> Int32 {
    child.send(SIGTERM)
    return try child.wait()
  }
}

/// Who asks for tokens.
struct TestClient: Sendable {
  var authorization: String

  /// `id:secret`.
  init(_ credentials: String) {
    authorization = "Basic \(Data(credentials.utf8).base64EncodedString())"
  }
}

extension TestConnection {
  func logIn(_ client: TestClient, name: String = "admin", password: String) throws -> TestReply {
    try post("/token", "grant_type=password&username=\(name)&password=\(password)", client)
  }

  func refresh(_ client: TestClient, _ token: String) throws -> TestReply {
    try post("/token", "grant_type=refresh_token&refresh_token=\(token)", client)
  }

  private func post(_ path: String, _ form: String, _ client: TestClient) throws -> TestReply {
    try send(
      "POST", path,
      headers: ["Authorization": client.authorization, "Content-Type": "application/x-www-form-urlencoded"], body: form)
  }
}
