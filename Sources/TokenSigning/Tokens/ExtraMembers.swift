/// The claims that an embedder adds to its access tokens: JSON members without the braces around them.
package enum ExtraMembers {
  static let reserved: Set<String> = [
    "iss", "aud", "sub", "client_id", "scope", "iat", "exp", "exp_ms", "nbf", "jti", "shift", "sid",
  ]
  /// With the longest subject, client and scopes there must still be room under `TokenVerifier.textBytesMax`.
  package static let bytesMax = 1024

  /// True for strict JSON members, none of a reserved name, none twice, at most 32 of them and `bytesMax` bytes.
  /// Call it where the members are configured, not for each token.
  package static func isValid(_ members: [UInt8]) -> Bool {
    if members.isEmpty { return true }
    guard members.count <= bytesMax else { return false }
    let whole = [UInt8(ascii: "{")] + members + [UInt8(ascii: "}")]
    guard let object = try? JSONReader.object(whole) else { return false }
    return !object.members.isEmpty && object.members.count <= 32
      && object.members.allSatisfy { !reserved.contains($0.name) }
  }

  /// The members of a verified token that are not of ours, each as it was written.
  static func of(_ object: JSONObject, in payload: [UInt8]) -> [UInt8] {
    var extra: [UInt8] = []
    for member in object.members where !reserved.contains(member.name) {
      if !extra.isEmpty { extra.append(UInt8(ascii: ",")) }
      extra += payload[member.source]
    }
    return extra
  }
}
