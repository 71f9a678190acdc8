@testable import TokenSigning

/// Proofs that are right but for what a test changes.
enum DPoPFixtures {
  /// Milliseconds; the proofs are made at this moment.
  static let now: Int64 = 1_700_000_000_000
  static let uri = "https://tokens.example/token"
  static let token = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"

  static let ec = DPoPSigner(.es256)
  static let ed = DPoPSigner(.edDSA)
  static let rsa = DPoPSigner(.rs256)

  static func signer(_ algorithm: SignatureAlgorithm) -> DPoPSigner {
    switch algorithm {
    case .edDSA: ed
    case .rs256: rsa
    case .ps256: DPoPSigner(.ps256)
    default: ec
    }
  }

  static let claims = #"{"jti":"one","htm":"POST","htu":"\#(uri)","iat":1700000000}"#

  static func request(
    method: String = "POST", uri: String = uri, accessToken: String? = nil
  ) throws(DPoPError) -> DPoPRequest {
    DPoPRequest(method: method, target: try DPoPTarget(uri), accessToken: accessToken)
  }

  /// A proof whose header has one member replaced (nil: left out), well signed.
  static func proof(header name: String, _ value: String?, by signer: DPoPSigner = ec) throws -> String {
    signer.signed(header: try replacing(name, with: value, in: signer.header), claims: claims)
  }

  /// A proof whose key has one member replaced (nil: left out), well signed by the right key.
  static func proof(key name: String, _ value: String?, by signer: DPoPSigner = ec) throws -> String {
    try proof(header: "jwk", try replacing(name, with: value, in: signer.publicJWK), by: signer)
  }

  /// A proof whose claims have one member replaced (nil: left out), well signed.
  static func proof(claim name: String, _ value: String?) throws -> String {
    ec.signed(header: ec.header, claims: try replacing(name, with: value, in: claims))
  }

  /// The object with one member replaced, or added, or (nil) left out.
  static func replacing(_ name: String, with value: String?, in object: String) throws -> String {
    let bytes = Array(object.utf8)
    var members: [String] = []
    for member in try JSONReader.object(bytes).members where member.name != name {
      members.append(String(decoding: bytes[member.source], as: UTF8.self))
    }
    if let value { members.append("\"\(name)\":\(value)") }
    return "{\(members.joined(separator: ","))}"
  }

  /// The refusal, or nil when the proof was accepted.
  static func refusal(
    _ proof: String, by verifier: DPoPProofVerifier = DPoPProofVerifier(), of request: DPoPRequest? = nil,
    at now: Int64 = now
  ) -> DPoPError? {
    do throws(DPoPError) {
      let right = try self.request()
      _ = try verifier.verify(proof, for: request ?? right, nowMilliseconds: now)
      return nil
    } catch {
      return error
    }
  }
}
