/// The protected header of somebody's token (RFC 7515 §4), with only what is believed of it: which of our keys to try.
struct ForeignHeader {
  /// Extensions that change what is signed. Keys and addresses of keys (`jwk`, `jku`, `x5u`, `x5c`) are not believed and not looked at:
  /// the verifier's keys are its own.
  private static let refused = ["crit", "b64", "zip", "enc"]

  let algorithm: SignatureAlgorithm
  let keyID: String?

  init(_ segment: Span<UInt8>) throws(TokenRefusal) {
    guard let bytes = Base64URL.decode(segment), let object = try? JSONReader.object(bytes) else { throw .malformed }
    guard case .string(let name) = object["alg"] else { throw .malformed }
    guard let algorithm = SignatureAlgorithm(rawValue: name) else { throw .algorithm }
    for parameter in Self.refused where object.has(parameter) { throw .header(parameter) }
    switch object["kid"] {
    case nil: keyID = nil
    case .string(let id): keyID = id
    default: throw .header("kid")
    }
    for parameter in ["typ", "cty"] {
      switch object[parameter] {
      case nil, .string: continue
      default: throw .header(parameter)
      }
    }
    self.algorithm = algorithm
  }
}
