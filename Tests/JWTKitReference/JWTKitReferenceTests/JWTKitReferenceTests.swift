import Foundation
import JWTKit
import SystemPackage
import Testing
import TokenEngine
import TokenLedger

/// vapor/jwt-kit, whose cryptography is BoringSSL's, as a second opinion on tokens that libcrypto signs and verifies
/// here.
@Suite("A token of the engine and one of jwt-kit")
struct JWTKitReferenceTests {
  static let issuer = "https://issuer.example"
  static let audience = "https://audience.example"
  static let algorithms = ["HS256", "ES256", "EdDSA", "RS256", "PS256"]

  @Test("are the same to jwt-kit: it verifies ours by the published keys, or the shared secret", arguments: algorithms)
  func verifiesOurs(algorithm: String) async throws {
    try await withEngine(algorithm) { engine, folder in
      let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.client, scopes: try Self.scopes())
      let keys: JWTKeyCollection
      if algorithm == "HS256" {
        keys = try await KeyFile.signers(inFolder: folder).keys
      } else {
        keys = try await JWTKeyCollection().add(jwksJSON: String(decoding: engine.publicKeySet, as: UTF8.self))
      }
      let claims = try await keys.verify(pair.accessToken, as: AccessClaims.self)
      #expect(claims.iss == Self.issuer && claims.aud == Self.audience)
      #expect(claims.sub == "ann" && claims.clientID == "web" && claims.scope == "read write")
      #expect(claims.exp - claims.iat == 900)
      #expect(claims.jti.hasPrefix(claims.sid))
    }
  }

  @Test("is refused by jwt-kit with one claim changed, and by the keys of another engine", arguments: algorithms)
  func refusesChanged(algorithm: String) async throws {
    try await withEngine(algorithm) { engine, folder in
      let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.client, scopes: try Self.scopes())
      let keys = try await KeyFile.signers(inFolder: folder).keys
      let changed = try Self.changed(pair.accessToken)
      await #expect(throws: JWTError.self) { try await keys.verify(changed, as: AccessClaims.self) }
      try await withEngine(algorithm) { _, other in
        let strangers = try await KeyFile.signers(inFolder: other).keys
        await #expect(throws: JWTError.self) { try await strangers.verify(pair.accessToken, as: AccessClaims.self) }
      }
    }
  }

  @Test("are the same to the engine: it verifies what jwt-kit signs with its key", arguments: algorithms)
  func verifiesTheirs(algorithm: String) async throws {
    try await withEngine(algorithm) { engine, folder in
      let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.client, scopes: try Self.scopes())
      let (keys, kid) = try await KeyFile.signers(inFolder: folder)
      var claims = try await keys.verify(pair.accessToken, as: AccessClaims.self)
      claims.exp += 60
      let token = try await keys.sign(
        claims, kid: JWKIdentifier(string: kid), header: ["alg": .string(algorithm), "typ": "at+jwt"])
      let caller = try engine.verify(token)
      #expect(caller.subject == "ann" && caller.client == "web" && caller.expiresAt == Int64(claims.exp))
    }
  }

  @Test(
    "is refused by the engine where jwt-kit signed it with another key, or for another issuer", arguments: algorithms)
  func refusesTheirs(algorithm: String) async throws {
    try await withEngine(algorithm) { engine, folder in
      let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.client, scopes: try Self.scopes())
      let (keys, kid) = try await KeyFile.signers(inFolder: folder)
      let good = try await keys.verify(pair.accessToken, as: AccessClaims.self)
      let header: JWTHeader = ["alg": .string(algorithm), "typ": "at+jwt", "kid": .string(kid)]

      var other = good
      other.iss += "/"
      let forOthers = try await keys.sign(other, kid: JWKIdentifier(string: kid), header: header)
      #expect(throws: BadToken.wrongIssuer) { try engine.verify(forOthers) }

      try await withEngine(algorithm) { _, strangersFolder in
        let (strangers, strangersKid) = try await KeyFile.signers(inFolder: strangersFolder)
        // Said to be of the engine's key: the signature alone is wrong.
        let signer = try await strangers.getKey(for: JWKIdentifier(string: strangersKid), alg: algorithm)
        let signed = pair.accessToken.split(separator: ".")[..<2].joined(separator: ".")
        let signature = try signer.sign(Data(signed.utf8)).base64URLEncodedText()
        #expect(throws: BadToken.badSignature) { try engine.verify("\(signed).\(signature)") }
      }
    }
  }
}

// MARK: - What the tests share

extension JWTKitReferenceTests {
  static let client = Client(id: "web", isPublic: true)

  static func scopes() throws -> Scopes {
    try #require(Scopes("read write"))
  }

  /// An engine in a folder of its own, which goes with it.
  func withEngine(
    _ algorithm: String, _ body: (RotationEngine, String) async throws -> Void
  ) async throws {
    let folder = NSTemporaryDirectory() + "/jwt-kit-reference-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var options = EngineOptions()
    options.issuer = Self.issuer
    options.audience = Self.audience
    options.algorithm = try #require(type(of: options.algorithm).init(rawValue: algorithm))
    let engine = try await RotationEngine.open(folder: FilePath(folder), options: options)
    try await body(engine, folder)
    try await engine.close()
  }

  /// The token with another subject and its old signature.
  static func changed(_ token: String) throws -> String {
    let parts = token.split(separator: ".").map(String.init)
    let standard = parts[1].replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
    let padding = String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
    let payload = String(decoding: try #require(Data(base64Encoded: standard + padding)), as: UTF8.self)
    let other = Data(payload.replacingOccurrences(of: "\"ann\"", with: "\"bob\"").utf8)
    #expect(other.count == payload.utf8.count && Data(payload.utf8) != other)
    return [parts[0], other.base64URLEncodedText(), parts[2]].joined(separator: ".")
  }
}

extension DataProtocol {
  func base64URLEncodedText() -> String {
    Data(self).base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
      .replacingOccurrences(of: "=", with: "")
  }
}
