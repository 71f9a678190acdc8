@testable import TokenSigning

/// Keys of clients that are the same in each run, and what a right proof of theirs says.
enum ProofSigner {
  /// Milliseconds; right proofs are made at this moment.
  static let now: Int64 = 1_700_000_000_000
  static let uri = "https://tokens.example/token"
  static let claims = "{\"jti\":\"one\",\"htm\":\"POST\",\"htu\":\"\(uri)\",\"iat\":1700000000}"

  static let request: DPoPRequest = {
    guard let target = try? DPoPTarget(uri) else { preconditionFailure("a fixed URI cannot be read") }
    return DPoPRequest(method: "POST", target: target)
  }()

  /// The members of headers, keys and claims.
  static let names = [
    "typ", "alg", "jwk", "crit", "b64", "kid", "kty", "crv", "x", "y", "n", "e", "d", "p", "k", "oth", "use", "key_ops",
    "jti", "htm", "htu", "iat", "ath", "nonce", "exp", "new",
  ]

  static func any(_ input: inout InputBytes) -> DPoPSigner { input.byte() % 4 == 0 ? ec : ed }

  /// Any JSON value, or bytes that are none.
  static func value(_ input: inout InputBytes) -> String {
    switch input.byte() % 6 {
    case 0: "\"\(input.text(20))\""
    case 1: "\(Int64(bitPattern: input.anyInteger()))"
    case 2: "[\"verify\"]"
    case 3: "\"\(Base64URL.text(input.take(40).span))\""
    case 4: ["null", "true", "{}", "\"sig\"", "\"EdDSA\"", "\"ES256\""][input.choice(6)]
    default: input.text(20)
    }
  }

  /// The object with this member in front; the one of that name, if there is one, has another name now.
  static func replacing(_ name: String, with value: String, in object: String) -> String {
    "{\"\(name)\":\(value),\(object.dropFirst().replacing("\"\(name)\":", with: "\"was\":"))"
  }

  /// RFC 7515 A.3.
  private static let ec = made(
    .p256, .es256, "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI")
  /// RFC 8037 A.1.
  private static let ed = made(
    .ed25519, .edDSA, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")

  private static func made(_ kind: KeyKind, _ algorithm: SignatureAlgorithm, _ numbers: String...) -> DPoPSigner {
    let values = numbers.compactMap { Base64URL.decode($0) }
    guard let signer = try? DPoPSigner(KeyNumbers(kind: kind, values: values), algorithm: algorithm) else {
      preconditionFailure("a fixed key cannot be made")
    }
    return signer
  }
}
