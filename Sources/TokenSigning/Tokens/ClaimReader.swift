/// A reader of typed claims from a payload whose signature is valid.
///
/// Its errors name the claim.
struct ClaimReader {
  let object: JSONObject

  init(_ payload: [UInt8]) throws(TokenVerificationError) {
    do {
      object = try JSONReader.object(payload)
    } catch {
      throw .claims("claims")
    }
  }

  func text(_ name: String) throws(TokenVerificationError) -> String {
    guard let text = try optionalText(name) else { throw .claims(name) }
    return text
  }

  /// Returns the text of a claim, or nil if it is absent.
  ///
  /// A value of another type, including null, is refused.
  func optionalText(_ name: String) throws(TokenVerificationError) -> String? {
    switch object[name] {
    case nil: return nil
    case .string(let text): return text
    default: throw .claims(name)
    }
  }

  /// Returns the thumbprint in `cnf.jkt` (RFC 9449 §6.1), or nil if there is no `cnf`.
  ///
  /// A `cnf` that confirms anything else is refused, since nobody here could check it.
  func keyThumbprint() throws(TokenVerificationError) -> String? {
    switch object["cnf"] {
    case nil: return nil
    case .object(let confirmation):
      guard confirmation.members.count == 1, case .string(let text) = confirmation["jkt"],
        KeyThumbprint(text: text) != nil
      else { throw .claims("cnf") }
      return text
    default: throw .claims("cnf")
    }
  }

  /// Returns the `jti`.
  func identifier() throws(TokenVerificationError) -> TokenIdentifier {
    guard let identifier = TokenIdentifier(text: try text("jti")) else { throw .claims("jti") }
    return identifier
  }

  /// Returns a whole number of seconds, written without fraction or exponent.
  func seconds(_ name: String) throws(TokenVerificationError) -> Int64 {
    guard let seconds = try optionalTime(name, in: ClaimTime.seconds) else { throw .claims(name) }
    return seconds
  }

  func optionalTime(_ name: String, in range: ClosedRange<Int64>) throws(TokenVerificationError) -> Int64? {
    switch object[name] {
    case nil: return nil
    case .integer(let value) where range.contains(value): return value
    default: throw .claims(name)
    }
  }

  /// Returns a time of another issuer (NumericDate, RFC 7519 §2) in milliseconds, or nil if it is absent.
  ///
  /// The claim is in seconds, in any notation, with or without a fraction.
  func optionalNumericDate(_ name: String) throws(TokenVerificationError) -> Double? {
    let seconds: Double
    switch object[name] {
    case nil: return nil
    case .integer(let value): seconds = Double(value)
    case .number(let value): seconds = value
    default: throw .claims(name)
    }
    guard seconds >= 0, seconds <= Double(ClaimTime.secondsMax) else { throw .claims(name) }
    return seconds * 1000
  }

  /// Returns the audiences, written as one string or an array of strings (RFC 7519 §4.1.3), or nil if the claim is
  /// absent.
  func audiences() throws(TokenVerificationError) -> [String]? {
    switch object["aud"] {
    case nil: return nil
    case .string(let audience): return [audience]
    case .array(let values):
      var audiences: [String] = []
      for value in values {
        guard case .string(let audience) = value else { throw .claims("aud") }
        audiences.append(audience)
      }
      return audiences
    default: throw .claims("aud")
    }
  }
}
