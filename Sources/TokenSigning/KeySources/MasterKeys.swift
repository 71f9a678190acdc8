internal import COpenSSL
internal import Platform
internal import SystemPackage

/// A key that seals bytes with AES-256-GCM and opens what it has sealed.
struct SealingKey: Sendable {
  static let secretBytes = 32
  static let nonceBytes = Int(LEDGER_GCM_NONCE)
  static let tagBytes = Int(LEDGER_GCM_TAG)

  /// The id by which a sealed body names its key: the first 8 bytes of SHA-256 over a constant label and the secret.
  ///
  /// It reveals nothing of the secret.
  let id: [UInt8]
  private let secret: [UInt8]

  /// Creates a key, or returns nil unless the secret has 32 bytes.
  init?(secret: [UInt8]) {
    guard secret.count == Self.secretBytes else { return nil }
    self.secret = secret
    id = Array(Digest(of: Array("refresh-ledger master key 1\n".utf8) + secret).bytes.prefix(8))
  }

  /// Seals a message.
  ///
  /// The nonce must never be used twice with one key. The context is not part of the sealed message, but must be the
  /// same when it is opened.
  func seal(_ message: [UInt8], nonce: [UInt8], context: [UInt8]) -> [UInt8] {
    precondition(nonce.count == Self.nonceBytes, "a nonce of another length")
    return unsafe [UInt8](unsafeUninitializedCapacity: message.count + Self.tagBytes) { target, initialized in
      let made = unsafe ledger_gcm_seal(
        secret, nonce, context, context.count, message, message.count, target.baseAddress)
      precondition(made == 1, "libcrypto has no AES-256-GCM")
      initialized = message.count + Self.tagBytes
    }
  }

  /// Opens a sealed message.
  ///
  /// Returns nil unless this key sealed it with that nonce and context.
  func open(_ sealed: ArraySlice<UInt8>, nonce: [UInt8], context: [UInt8]) -> [UInt8]? {
    guard nonce.count == Self.nonceBytes, sealed.count >= Self.tagBytes else { return nil }
    let (source, count) = (Array(sealed), sealed.count - Self.tagBytes)
    var isGood = false
    let message = unsafe [UInt8](unsafeUninitializedCapacity: max(1, count)) { target, initialized in
      isGood =
        unsafe ledger_gcm_open(secret, nonce, context, context.count, source, count, target.baseAddress) == 1
      initialized = isGood ? count : 0
    }
    return isGood ? message : nil
  }
}

/// The master keys that seal keys in a database: the first one seals, and all of them open.
///
/// A sealed body consists of the version 1 (one byte), the id of the master key (8 bytes), a random nonce (12 bytes),
/// and the sealed bytes with their tag (16 bytes). The kind and name of the record and the version are authenticated
/// with it, so that the body of one record does not open as another's.
package struct MasterKeys: Sendable {
  private static let version: UInt8 = 1
  private static let headBytes = 1 + 8 + SealingKey.nonceBytes
  private static let filesMax = 8

  private let keys: [SealingKey]
  /// The paths from which the keys were read, for messages.
  private let places: [String]

  /// Reads files of 32 bytes each, which nobody but their owner can read.
  package init(files: [String]) throws(KeyError) {
    guard (1...Self.filesMax).contains(files.count) else {
      throw KeyError(
        .missing,
        "\(files.isEmpty ? "no" : "more than \(Self.filesMax)") files of master keys; name one to \(Self.filesMax)")
    }
    var keys: [SealingKey] = []
    for path in files { keys.append(try Self.key(at: path)) }
    self.init(keys, places: files)
  }

  init(_ keys: [SealingKey], places: [String]) {
    (self.keys, self.places) = (keys, places)
  }

  private static func key(at path: String) throws(KeyError) -> SealingKey {
    // Opening does not wait for the other end of a pipe, and follows links, since secrets are often mounted as links.
    let file = try explained(path) { () throws(Errno) in try OpenFile(reading: path, followsLinks: true, waits: false) }
    let status = try explained(path) { () throws(Errno) in try file.status() }
    let recipe = "make one with: (umask 077; head -c 32 /dev/urandom > FILE)"
    guard status.kind == .file else {
      throw KeyError(.malformed, path: path, "is not a file; a master key is a file of 32 bytes; \(recipe)")
    }
    guard !status.exposure.othersCanRead, !status.exposure.othersCanChange else {
      throw KeyError(.exposed, path: path, "others can read this master key; run: chmod 600 \(path)")
    }
    guard status.size == SealingKey.secretBytes,
      let key = SealingKey(secret: try file.keys(path: path, bytesMax: 1024))
    else {
      throw KeyError(.weak, path: path, "has \(status.size) bytes; a master key is a file of exactly 32; \(recipe)")
    }
    return key
  }

  private static func explained<Result: ~Copyable>(
    _ path: String, _ call: () throws(Errno) -> Result
  ) throws(KeyError) -> Result {
    do { return try call() } catch {
      let kind: KeyError.Kind = error == .noSuchFileOrDirectory ? .missing : .inputOutput
      throw KeyError(kind, path: path, "the master key cannot be opened: \(error); check the path and its permissions")
    }
  }

  /// Seals a message with the first key.
  package func seal(_ message: [UInt8], kind: String, name: String) -> [UInt8] {
    let nonce = OpenSSLRandom.secret(bytes: SealingKey.nonceBytes)
    return [Self.version] + keys[0].id + nonce
      + keys[0].seal(message, nonce: nonce, context: Self.context(kind, name))
  }

  /// Opens a body that was sealed as this record.
  ///
  /// - Parameters:
  ///   - sealed: The body that `seal` returned.
  ///   - kind: The kind of the record.
  ///   - name: The name of the record.
  ///   - place: The place of the record, for messages.
  /// - Returns: The message.
  /// - Throws: `KeyError`: `.weak` if none of the keys sealed the body, and `.malformed` if it is damaged or was sealed
  ///   as another record.
  package func open(_ sealed: [UInt8], kind: String, name: String, place: String) throws(KeyError) -> [UInt8] {
    guard sealed.count >= Self.headBytes + SealingKey.tagBytes, sealed[0] == Self.version else {
      throw KeyError(.malformed, path: place, "is not sealed as this version does it; restore it from a copy")
    }
    let key = keys.first { $0.id.elementsEqual(sealed[1..<9]) }
    guard let key else {
      throw KeyError(
        .weak, path: place,
        "is sealed under a master key that is in none of \(places.joined(separator: ", ")); add the file of that key")
    }
    let message = key.open(
      sealed[Self.headBytes...], nonce: Array(sealed[9..<Self.headBytes]), context: Self.context(kind, name))
    guard let message else {
      throw KeyError(.malformed, path: place, "is damaged, or another record's; restore it from a copy")
    }
    return message
  }

  /// Checks whether the first key sealed this body.
  func isNewest(_ sealed: [UInt8]) -> Bool { sealed.count > 9 && keys[0].id.elementsEqual(sealed[1..<9]) }

  private static func context(_ kind: String, _ name: String) -> [UInt8] {
    Array("refresh-ledger sealed \(version)\n\(kind)\n\(name)".utf8)
  }
}

extension SealingKey: RedactedValue {}
extension MasterKeys: RedactedValue {}
