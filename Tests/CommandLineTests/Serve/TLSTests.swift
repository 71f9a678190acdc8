import Foundation
import Glibc
import Testing

@Suite("A server with a certificate") struct TLSTests {
  /// A self-signed certificate for 127.0.0.1, and its key.
  private static func makeCertificate(
    _ folder: TestFolder, name: String = "cert"
  ) throws -> (certificate: String, key: String) {
    let paths = (certificate: "\(folder.path)/\(name).pem", key: "\(folder.path)/\(name).key")
    let made = try CommandResult.of(
      "openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
        "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1", "-out", paths.certificate, "-keyout", paths.key,
      ])
    try #require(made.code == 0, "\(made.errors)")
    return paths
  }

  private static func config(
    _ folder: TestFolder, _ paths: (certificate: String, key: String), _ more: String = ""
  ) throws -> String {
    try folder.write("config.yaml", "http: { tls: { certificate: \(paths.certificate), key: \(paths.key) }\(more) }\n")
  }

  private static func curl(_ server: TestServer, _ path: String, _ options: [String]) throws -> CommandResult {
    try CommandResult.of("curl", ["-sS", "-w", " %{http_version}"] + options + ["\(server.url)\(path)"])
  }

  @Test("speaks HTTP/2 and HTTP/1.1 to who trusts it, and HTTP/1.1 alone where http2 is false")
  func protocols() throws {
    let folder = try TestFolder()
    let paths = try Self.makeCertificate(folder)
    let server = try TestServer(data: "\(folder.path)/data", config: try Self.config(folder, paths))
    let trust = ["--cacert", paths.certificate]
    #expect(try Self.curl(server, "/health/ready", trust).output == #"{"status":"ready"} 2"#)
    #expect(try Self.curl(server, "/health/ready", trust + ["--http1.1"]).output == #"{"status":"ready"} 1.1"#)
    #expect(try Self.curl(server, "/health/ready", []).code != 0)
    #expect(try Self.curl(server, "/health/ready", trust + ["--tls-max", "1.1"]).code != 0)
    let weak = ["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-SHA"]
    #expect(try Self.curl(server, "/health/ready", trust + weak).code != 0)
    #expect(try Self.curl(server, "/health/ready", trust + ["--tls-max", "1.2"]).code == 0)
    #expect(try server.stop() == 0)
    let plain = try TestServer(
      data: "\(folder.path)/data", config: try Self.config(folder, paths, ", http2: false"))
    #expect(try Self.curl(plain, "/health/ready", trust).output == #"{"status":"ready"} 1.1"#)
  }

  @Test("prints lines for its first start that work when pasted")
  func pastedLines() throws {
    let folder = try TestFolder()
    let paths = try Self.makeCertificate(folder)
    let server = try TestServer(data: "\(folder.path)/data", config: try Self.config(folder, paths))
    let lines = try #require(server.banner.firstRange(of: "URL=").map { server.banner[$0.lowerBound...] })
    let pasted = try CommandResult.of("sh", [], input: String(lines))
    #expect(pasted.output.contains(#""subject":"admin""#) && pasted.output.contains("(400)"), "\(pasted)")
    #expect(pasted.errors == "")
  }

  @Test("takes a new certificate at SIGHUP without dropping a connection, and keeps the old one where the new is bad")
  func reload() throws {
    let folder = try TestFolder()
    let paths = try Self.makeCertificate(folder)
    let server = try TestServer(data: "\(folder.path)/data", config: try Self.config(folder, paths))
    let old = try String(contentsOfFile: paths.certificate, encoding: .utf8)
    let oldTrust = try folder.write("old.pem", old)
    let fresh = try Self.makeCertificate(folder, name: "fresh")

    // A connection that is open all the while: two requests, the second once the first file has been replaced.
    let slow = try ChildCommand(
      "curl",
      ["-sS", "--cacert", oldTrust, "--rate", "1/s", "\(server.url)/health/live", "\(server.url)/health/live?[1-3]"])
    _ = try slow.read { $0.contains("live") }

    func replace(_ certificate: String, _ key: String) throws {
      try Data(contentsOf: URL(fileURLWithPath: certificate)).write(to: URL(fileURLWithPath: paths.certificate))
      try Data(contentsOf: URL(fileURLWithPath: key)).write(to: URL(fileURLWithPath: paths.key))
    }
    // The certificate of one pair with the key of another.
    try replace(fresh.certificate, paths.key)
    server.child.send(SIGHUP)
    try server.waitForLog("SIGHUP: the TLS certificate from before stays in force")
    #expect(try Self.curl(server, "/health/live", ["--cacert", oldTrust]).code == 0)

    try replace(fresh.certificate, fresh.key)
    server.child.send(SIGHUP)
    try server.waitForLog("SIGHUP: the TLS certificate was read again")
    #expect(try Self.curl(server, "/health/live", ["--cacert", fresh.certificate]).code == 0)
    #expect(try Self.curl(server, "/health/live", ["--cacert", oldTrust]).code != 0)
    #expect(try slow.wait() == 0)
  }

  @Test("closes a connection whose handshake is not complete after http.headerTimeout", arguments: ["true", "false"])
  func slowHandshake(http2: String) throws {
    let folder = try TestFolder()
    let paths = try Self.makeCertificate(folder)
    let server = try TestServer(
      data: "\(folder.path)/data",
      config: try Self.config(folder, paths, ", http2: \(http2), headerTimeout: 300ms"))
    let connection = try server.connect()
    try connection.write("\u{16}\u{3}\u{1}")
    #expect(try connection.readToEnd() == "")
  }

  @Test(
    "closes a connection of HTTP/2 on which nothing is asked, whatever else is sent",
    arguments: ["", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0"])
  func silentStreams(sent: String) throws {
    let folder = try TestFolder()
    let paths = try Self.makeCertificate(folder)
    let server = try TestServer(
      data: "\(folder.path)/data", config: try Self.config(folder, paths, ", headerTimeout: 300ms, idleTimeout: 300ms"))
    let client = try ChildCommand(
      "openssl", ["s_client", "-quiet", "-ign_eof", "-alpn", "h2", "-connect", "127.0.0.1:\(server.port)"], input: sent)
    _ = try client.wait(seconds: 20)
    #expect(try server.stop() == 0)
  }

  @Test("resets streams of HTTP/2 past what their address may have")
  func streamsPerAddress() throws {
    let folder = try TestFolder()
    let paths = try Self.makeCertificate(folder)
    let config = try folder.write(
      "config.yaml",
      "http: { tls: { certificate: \(paths.certificate), key: \(paths.key) } }\nlimits: { connectionsPerAddress: 4 }\n")
    let server = try TestServer(data: "\(folder.path)/data", config: config)
    // One connection, and on it log-ins that take their time, ten at once.
    var arguments = ["-sS", "--cacert", paths.certificate, "--parallel", "--parallel-max", "10"]
    arguments += [
      "-w", "%{http_code} ", "-o", "/dev/null", "-d", "grant_type=password&username=a&password=b&client_id=c",
    ]
    let (client, password) = (try server.secret("CLIENT"), try server.secret("PASSWORD"))
    let parts = client.split(separator: ":")
    arguments[arguments.count - 1] =
      "grant_type=password&username=admin&password=\(password)&client_id=\(parts[0])&client_secret=\(parts[1])"
    // `--parallel` reuses one connection where the server multiplexes.
    let urls = (1...10).flatMap { _ in ["-o", "/dev/null", "\(server.url)/token"] }
    let many = try CommandResult.of("curl", arguments + urls)
    let answered = many.output.split(separator: " ").count { $0 == "200" }
    #expect(answered >= 1 && answered < 10, "\(many)")
    let one = try CommandResult.of("curl", arguments + ["\(server.url)/token"])
    #expect(one.output.contains("200"), "\(one)")
  }

  @Test("does not start with a certificate that it cannot use, and says in one line which file and what is wrong")
  func badCertificates() throws {
    let folder = try TestFolder()
    let (one, other) = (try Self.makeCertificate(folder), try Self.makeCertificate(folder, name: "other"))
    for (paths, says) in [
      ((one.certificate, other.key), "not the key of the certificate"), ((one.key, one.key), "PEM certificate"),
      ((one.certificate, one.certificate), "PEM private key"), (("\(folder.path)/none", one.key), "PEM certificate"),
    ] {
      let config = try Self.config(folder, paths)
      let result = try CommandResult.of("serve", "--config", config, "--data", "\(folder.path)/data", "--port", "0")
      #expect(result.code == 78)
      #expect(result.isOneLineError && result.errors.contains(says), "\(result.errors)")
      #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/data"))
    }
  }

  @Test("may listen beyond the loopback address without being told that plaintext is allowed")
  func beyondLoopback() throws {
    let folder = try TestFolder()
    let paths = try Self.makeCertificate(folder)
    let config = try Self.config(folder, paths, ", host: 0.0.0.0, port: 70000")
    let result = try CommandResult.of("serve", "--config", config, "--data", "\(folder.path)/data")
    #expect(!result.errors.contains("plaintext") && result.errors.contains("http.port"), "\(result.errors)")
  }
}
