/// The file of one purpose's signing keys: a JWK Set (RFC 7517 §5) whose keys have two more members, `state` and, once
/// they are retiring, `retiredAt`.
enum KeyFile {
  static let keysMax = 16

  /// A set of new random keys, as the bytes of a file: a current one and, where public keys are published, the next.
  static func newKeySet(_ algorithm: SignatureAlgorithm = .hs256) -> [UInt8] {
    let current = KeyRecord.generate(algorithm, state: .current)
    return encode(algorithm == .hs256 ? [current] : [current, KeyRecord.generate(algorithm, state: .next)])
  }

  /// The bytes of a file, a line for each key.
  static func encode(_ records: [KeyRecord]) -> [UInt8] {
    Array("{\"keys\":[\n".utf8) + records.map(\.text).joined(separator: Array(",\n".utf8)) + Array("\n]}\n".utf8)
  }

  /// The keys, ready for use.
  static func decode(_ bytes: [UInt8], path: String) throws(KeyFailure) -> [SigningKey] {
    var keys: [SigningKey] = []
    for (index, record) in try records(bytes, path: path).enumerated() {
      do { keys.append(try record.signingKey()) } catch { throw fault(error, index: index, path: path) }
    }
    return keys
  }

  /// The keys as they stand in the file; their numbers are not looked at.
  static func records(_ bytes: [UInt8], path: String) throws(KeyFailure) -> [KeyRecord] {
    let object: JSONObject
    do {
      object = try JSONReader.object(bytes)
    } catch {
      throw KeyFailure(.malformed, path: path, "\(error); restore the file from a copy")
    }
    guard case .array(let values) = object["keys"], !values.isEmpty, values.count <= keysMax else {
      throw KeyFailure(.malformed, path: path, "has no array \"keys\" of 1 to \(keysMax); restore it from a copy")
    }
    var records: [KeyRecord] = []
    for (index, value) in values.enumerated() {
      do { records.append(try KeyRecord(value, in: bytes)) } catch { throw fault(error, index: index, path: path) }
    }
    return records
  }

  private static func fault(_ failure: KeyFailure, index: Int, path: String) -> KeyFailure {
    KeyFailure(failure.kind, path: path, "key \(index): \(failure.message); restore the file from a copy")
  }
}
