/// The file of one purpose's signing keys: a JWK Set (RFC 7517 §5) whose keys have two more members, `state` and, once
/// they are retiring, `retiredAt`.
enum KeyFile {
  static let keysMax = 16

  /// Returns a set of new random keys as the bytes of a file: the current one and, if public keys are published or the
  /// keys are shared, the next one.
  ///
  /// `publishedAt` is the publication time of the next key, for shared keys, in milliseconds since the epoch, and nil
  /// for keys of one reader.
  static func newKeySet(_ algorithm: SignatureAlgorithm = .hs256, publishedAt: Int64? = nil) -> [UInt8] {
    let current = KeyRecord.generate(algorithm, state: .current)
    guard let publishedAt else {
      return encode(algorithm == .hs256 ? [current] : [current, KeyRecord.generate(algorithm, state: .next)])
    }
    return encode([current, KeyRecord.generate(algorithm, state: .next).published(at: publishedAt)])
  }

  /// Returns the bytes of a file, one line for each key.
  static func encode(_ records: [KeyRecord]) -> [UInt8] {
    Array("{\"keys\":[\n".utf8) + records.map(\.text).joined(separator: Array(",\n".utf8)) + Array("\n]}\n".utf8)
  }

  /// Returns the keys, ready for use.
  static func decode(_ bytes: [UInt8], path: String) throws(KeyError) -> [SigningKey] {
    var keys: [SigningKey] = []
    for (index, record) in try records(bytes, path: path).enumerated() {
      do { keys.append(try record.signingKey()) } catch { throw fault(error, index: index, path: path) }
    }
    return keys
  }

  /// Returns the keys as they are in the file, without checking their numbers.
  static func records(_ bytes: [UInt8], path: String) throws(KeyError) -> [KeyRecord] {
    let object: JSONObject
    do {
      object = try JSONReader.object(bytes)
    } catch {
      throw KeyError(.malformed, path: path, "\(error); restore the file from a copy")
    }
    guard case .array(let values) = object["keys"], !values.isEmpty, values.count <= keysMax else {
      throw KeyError(.malformed, path: path, "has no array \"keys\" of 1 to \(keysMax); restore it from a copy")
    }
    var records: [KeyRecord] = []
    for (index, value) in values.enumerated() {
      do { records.append(try KeyRecord(value, in: bytes)) } catch { throw fault(error, index: index, path: path) }
    }
    return records
  }

  private static func fault(_ failure: KeyError, index: Int, path: String) -> KeyError {
    KeyError(failure.kind, path: path, "key \(index): \(failure.message); restore the file from a copy")
  }
}

/// One key of a key file with its secret, as it is read, changed and written back.
struct KeyRecord: Sendable {
  static let secretBytes = 32

  let id: String
  let algorithm: SignatureAlgorithm
  private(set) var state: SigningKey.State
  /// The time at which the key became retiring, in milliseconds since the epoch; nil in any other state.
  private(set) var retiredAt: Int64?
  /// The time since which others can read the key, in milliseconds since the epoch, kept for the whole life of the key;
  /// nil unless the key is shared.
  private(set) var publishedAt: Int64?
  /// The encoded members other than `state` and `retiredAt`, as they were written, including unknown ones.
  private var members: [UInt8]

  /// Returns a new random key.
  static func generate(_ algorithm: SignatureAlgorithm, state: SigningKey.State) -> KeyRecord {
    if let kind = KeyKind(algorithm) {
      return KeyRecord(KeyNumbers.generate(kind), algorithm: algorithm, state: state)
    }
    let secret = OpenSSLRandom.secret(bytes: secretBytes)
    let id = SigningKey.fingerprint(of: secret)
    return KeyRecord(id: id, algorithm: algorithm, state: state, members: JWKText.secretMembers(secret, id: id))
  }

  init(_ numbers: KeyNumbers, algorithm: SignatureAlgorithm, state: SigningKey.State) {
    let id = SigningKey.fingerprint(of: numbers)
    let members = JWKText.privateMembers(numbers, id: id, algorithm: algorithm)
    self.init(id: id, algorithm: algorithm, state: state, members: members)
  }

  private init(id: String, algorithm: SignatureAlgorithm, state: SigningKey.State, members: [UInt8]) {
    self.id = id
    self.algorithm = algorithm
    self.state = state
    self.members = members
  }

  /// Creates the key of a value that was read from the text `source`.
  init(_ value: JSONValue, in source: [UInt8]) throws(KeyError) {
    guard case .object(let object) = value else { throw KeyError(.malformed, "is not an object") }
    guard let name = try object.keyText("alg"), let algorithm = SignatureAlgorithm(rawValue: name) else {
      let known = SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
      throw KeyError(.malformed, "\"alg\" must be one of \(known)")
    }
    guard let id = try object.keyText("kid"), (1...64).contains(id.utf8.count) else {
      throw KeyError(.malformed, "\"kid\" must be a string of 1 to 64 bytes")
    }
    guard let text = try object.keyText("state"), let state = SigningKey.State(rawValue: text) else {
      throw KeyError(.malformed, "\"state\" must be \"next\", \"current\" or \"retiring\"")
    }
    switch object["retiredAt"] {
    case nil: retiredAt = nil
    case .integer(let moment) where state == .retiring && ClaimTime.milliseconds.contains(moment): retiredAt = moment
    default: throw KeyError(.malformed, "\"retiredAt\" must be milliseconds since 1970, of a retiring key alone")
    }
    if case .integer(let moment) = object["publishedAt"], ClaimTime.milliseconds.contains(moment) {
      publishedAt = moment
    }
    self.id = id
    self.algorithm = algorithm
    self.state = state
    let kept = object.members.filter { $0.name != "state" && $0.name != "retiredAt" }
    members = Array(kept.map { source[$0.source] }.joined(separator: [UInt8(ascii: ",")]))
  }

  /// The key, changed to the current one, which signs from now on.
  var asCurrent: KeyRecord {
    var changed = self
    changed.state = .current
    return changed
  }

  /// Returns the same key as a retiring one, which signed its last token at this time.
  func retiring(at milliseconds: Int64) -> KeyRecord {
    var changed = self
    changed.state = .retiring
    changed.retiredAt = milliseconds
    return changed
  }

  /// Returns the same key as one that others can read from this time on.
  func published(at milliseconds: Int64) -> KeyRecord {
    var changed = self
    changed.publishedAt = milliseconds
    changed.members += Array(",\"publishedAt\":\(milliseconds)".utf8)
    return changed
  }

  /// The key as a JSON object in one line.
  var text: [UInt8] {
    let moment = retiredAt.map { "\"retiredAt\":\($0)," } ?? ""
    return Array("{\"state\":\"\(state.rawValue)\",\(moment)".utf8) + members + [UInt8(ascii: "}")]
  }

  /// Returns the key, ready for use.
  ///
  /// The call takes 0.2 ms, for RSA about 20 ms, since the primes are checked.
  func signingKey() throws(KeyError) -> SigningKey {
    let object: JSONObject
    do {
      object = try JSONReader.object([UInt8(ascii: "{")] + members + [UInt8(ascii: "}")])
    } catch {
      throw KeyError(.malformed, "\(error)")
    }
    guard let kind = KeyKind(algorithm) else {
      guard try object.keyText("kty") == "oct" else { throw KeyError(.malformed, "\"kty\" must be \"oct\"") }
      return try SigningKey(secret: try object.keyBytes("k"), state: state, id: id, retiredAt: retiredAt)
    }
    guard try object.keyText("kty") == kind.type else {
      throw KeyError(.malformed, "\"kty\" must be \"\(kind.type)\" for \(algorithm.rawValue)")
    }
    if let curve = kind.curve, try object.keyText("crv") != curve {
      throw KeyError(.malformed, "\"crv\" must be \"\(curve)\" for \(algorithm.rawValue)")
    }
    var values: [[UInt8]] = []
    for name in kind.members { values.append(try object.keyBytes(name)) }
    let numbers = KeyNumbers(kind: kind, values: values)
    return try SigningKey(numbers, algorithm: algorithm, state: state, id: id, retiredAt: retiredAt)
  }
}
