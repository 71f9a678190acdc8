/// The members of a JSON Web Key, by their types.
extension JSONObject {
  /// Nil when absent; a value of another type is refused.
  func keyText(_ name: String) throws(KeyFailure) -> String? {
    switch self[name] {
    case nil: return nil
    case .string(let text): return text
    default: throw KeyFailure(.malformed, "\"\(name)\" is not a string")
    }
  }

  func keyBytes(_ name: String) throws(KeyFailure) -> [UInt8] {
    guard let text = try keyText(name), let bytes = Base64URL.decode(text) else {
      throw KeyFailure(.malformed, "\"\(name)\" is not base64url without padding")
    }
    return bytes
  }
}
