import Foundation
import JWTKit

/// `keys/access.json`, from which jwt-kit gets what the engine signs with.
struct KeyFile: Decodable {
  struct Key: Decodable {
    let kid: String
    let state: String
    /// The secret of an HS256 key.
    let k: String?
  }

  let keys: [Key]

  /// The current key of a data folder, in a collection of jwt-kit's.
  static func signers(inFolder folder: String) async throws -> (keys: JWTKeyCollection, kid: String) {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/keys/access.json"))
    let file = try JSONDecoder().decode(KeyFile.self, from: bytes)
    guard let current = file.keys.first(where: { $0.state == "current" }) else { throw Missing() }
    let serializer = DefaultJWTSerializer(jsonEncoder: HeaderInOurOrder())
    let keys = JWTKeyCollection(defaultJWTSerializer: serializer)
    if let secret = current.k {
      await keys.add(
        hmac: HMACKey(from: try bytesOf(secret)), digestAlgorithm: .sha256, kid: JWKIdentifier(string: current.kid),
        serializer: serializer)
    } else {
      try await keys.add(jwksJSON: String(decoding: bytes, as: UTF8.self))
    }
    return (keys, current.kid)
  }

  private static func bytesOf(_ text: String) throws -> Data {
    let standard = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
    let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    guard let bytes = Data(base64Encoded: standard + padding) else { throw Missing() }
    return bytes
  }

  struct Missing: Error {}
}

/// Writes a header as the engine does.
///
/// It takes a token for its own by the bytes of the header, whose order jwt-kit leaves to chance.
struct HeaderInOurOrder: JWTJSONEncoder {
  func encode<T: Encodable>(_ value: T) throws -> Data {
    guard let header = value as? JWTHeader else { return try JSONEncoder().encode(value) }
    let members = ["alg", "typ", "kid"].compactMap { name in
      if case .string(let text) = header.fields[name] { "\"\(name)\":\"\(text)\"" } else { nil }
    }
    return Data("{\(members.joined(separator: ","))}".utf8)
  }
}
