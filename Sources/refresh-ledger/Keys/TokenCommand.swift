import ArgumentParser
import TokenLedger
import TokenSigning

struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Checks one token.", subcommands: [TokenVerify.self])
}

struct TokenVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Verifies a JWT of any issuer. Exit 0: prints its claims. Exit 1: says in one line why it is refused.",
    discussion: """
      The algorithms HS256, ES256, EdDSA (Ed25519), RS256 and PS256 are accepted. The token's times are compared with \
      this machine's clock, without leeway.
      """)

  @Option(name: .customLong("jwks"), help: "A file with a JWK Set, or with a single JWK, of public or shared keys.")
  var keySetPath: String?

  @Option(
    name: .customLong("secret-file"),
    help: "A file with a shared secret: a JWK of kty oct, or the raw bytes of the secret.")
  var secretPath: String?

  @Option(name: .customLong("iss"), help: "The value that the token's iss must have.")
  var issuer: String?

  @Option(name: .customLong("aud"), help: "The value that the token's aud must be or contain.")
  var audience: String?

  @Argument(help: "The token; - reads it from the standard input, where other users of the machine cannot see it.")
  var token: String

  func validate() throws {
    guard keySetPath != nil || secretPath != nil else {
      throw ValidationError("give the keys to verify with: --jwks or --secret-file")
    }
  }

  func run() throws {
    let verifier = ForeignTokenVerifier(keys: try keys(), issuer: issuer, audience: audience)
    let text = token == "-" ? try InputLine.readToken() : token
    do {
      let claims = try verifier.verify(text, nowMilliseconds: SessionClock.system.now().milliseconds)
      try Terminal.writeLine(
        String(decoding: claims.payload, as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: " "))
    } catch let refusal as TokenVerificationError {
      throw CommandError(.bad, "refused: \(refusal)")
    }
  }

  private func keys() throws(CommandError) -> [VerificationKey] {
    do {
      var keys: [VerificationKey] = []
      if let keySetPath { keys += try JWKSet.open(path: keySetPath).keys }
      if let secretPath { keys += try JWKSet.openSecret(path: secretPath).keys }
      return keys
    } catch {
      throw CommandError(error)
    }
  }
}
