import Testing

@Suite struct TokenVerifyTests {
  /// A running server's folder and an access token of it.
  private func issued() throws -> (server: TestServer, folder: TestFolder, keys: String, token: String) {
    let folder = try TestFolder()
    let server = try TestServer(data: "\(folder.path)/data")
    let reply = try server.connect().logIn(TestClient(server.secret("CLIENT")), password: server.secret("PASSWORD"))
    return (server, folder, "\(folder.path)/data/keys/access.json", reply.member("access_token"))
  }

  @Test("A good token is accepted with 0 and its claims")
  func accepted() throws {
    let (server, folder, keys, token) = try issued()
    for option in ["--secret-file", "--jwks"] {
      let result = try CommandResult.of("token", "verify", option, keys, "--iss", server.url, token)
      #expect(result.code == 0, "\(result.errors)")
      #expect(result.output.hasPrefix("{") && result.output.contains("\"sub\":\"admin\""))
      #expect(result.output.filter(\.isNewline).count == 1)
    }
    let piped = try CommandResult.of("token", "verify", "--secret-file", keys, "-", input: token + "\n")
    #expect(piped.code == 0, "\(piped.errors)")
    withExtendedLifetime(folder) {}
  }

  @Test("A token that is not good is refused with 1 and one line why, which does not repeat it")
  func refused() throws {
    let (_, folder, keys, token) = try issued()
    let parts = token.split(separator: ".").map(String.init)
    let other = try folder.write("other", "another secret of thirty-two bytes or more\n")
    let none = "eyJhbGciOiJub25lIn0"
    let long = String(repeating: "a", count: 100_000)
    let cases: [(key: String, token: String, says: String)] = [
      (keys, String(token.dropLast(2)) + (token.hasSuffix("AA") ? "BB" : "AA"), "signature"),
      (other, token, "signature"),
      (keys, parts[0] + "." + parts[1], "compact JWS"),
      (keys, token + ".x", "compact JWS"),
      (keys, "\(none).\(parts[1]).", ""),
      (keys, token + "=", "compact JWS"),
      (keys, long, "too long"),
    ]
    for (key, token, says) in cases {
      let result = try CommandResult.of("token", "verify", "--secret-file", key, token)
      #expect(result.code == 1, "\(says): \(result)")
      #expect(
        result.isOneLineError && result.errors.hasPrefix("error: refused: ") && result.errors.contains(says),
        "\(result.errors)")
      #expect(!result.errors.contains(parts[1]) && result.errors.utf8.count < 200 && result.output == "")
    }
  }

  @Test("The wrong issuer and the wrong audience are refused")
  func wrongIssuerAndAudience() throws {
    let (_, folder, keys, token) = try issued()
    let issuer = try CommandResult.of("token", "verify", "--secret-file", keys, "--iss", "http://127.0.0.1:9", token)
    #expect(issuer.code == 1 && issuer.errors.contains("issuer"))
    let audience = try CommandResult.of("token", "verify", "--secret-file", keys, "--aud", "api", token)
    #expect(audience.code == 1 && audience.errors.contains("audience"))
    withExtendedLifetime(folder) {}
  }

  @Test("Keys that cannot be used are told from tokens that are refused")
  func keys() throws {
    let folder = try TestFolder()
    let missing = try CommandResult.of("token", "verify", "--jwks", "\(folder.path)/none", "a.b.c")
    #expect(missing.code == 66 && missing.isOneLineError, "\(missing)")
    let broken = try CommandResult.of("token", "verify", "--jwks", folder.write("broken", "{"), "a.b.c")
    #expect(broken.code == 78 && broken.isOneLineError && broken.errors.contains("broken"), "\(broken)")
    let none = try CommandResult.of("token", "verify", "a.b.c")
    #expect(none.code == 64 && none.isOneLineError, "\(none)")
  }

  @Test("A good token of another issuer is accepted by its public keys beside our secret")
  func bothKeyOptions() throws {
    let (_, folder, keys, token) = try issued()
    // RFC 8037 appendix A.2: a public key alone.
    let set = try folder.write(
      "jwks.json",
      "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}")
    let both = try CommandResult.of("token", "verify", "--jwks", set, "--secret-file", keys, token)
    #expect(both.code == 0, "\(both.errors)")
    let alone = try CommandResult.of("token", "verify", "--jwks", set, token)
    #expect(alone.code == 1 && alone.isOneLineError, "\(alone)")
  }
}
