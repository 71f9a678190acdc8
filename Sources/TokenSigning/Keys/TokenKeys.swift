/// The keys of a running server: those of access tokens and, never published, those of refresh tokens.
package struct TokenKeys: Sendable {
  /// The keys in the order of their file; exactly one is current.
  package let access: [SigningKey]
  package let refresh: [SigningKey]
  /// The files that did not exist and were made by this opening.
  package private(set) var filesMade: [String] = []
  let currentAccess: SigningKey
  let currentRefresh: SigningKey

  /// Refuses a set without exactly one current key, with two next ones, with a `kid` twice, or with a key that serves
  /// both purposes, and refresh keys that are not HS256.
  package init(access: [SigningKey], refresh: [SigningKey]) throws(KeyError) {
    currentAccess = try Self.current(of: access, type: .access)
    currentRefresh = try Self.current(of: refresh, type: .refresh)
    guard refresh.allSatisfy({ $0.algorithm == .hs256 }) else {
      throw KeyError(
        .malformed, "a key of refresh tokens is not for HS256; remove it, or restore the file from a copy")
    }
    let refreshFingerprints = Set(refresh.map(\.fingerprint))
    guard access.allSatisfy({ !refreshFingerprints.contains($0.fingerprint) }) else {
      throw KeyError(.weak, "one key is used for access and for refresh tokens; remove one of the files")
    }
    self.access = access
    self.refresh = refresh
  }

  /// Fresh keys that are kept nowhere: every token ends with the program.
  package static func generate(_ algorithm: SignatureAlgorithm = .hs256) -> TokenKeys {
    do {
      return try TokenKeys(
        access: [KeyRecord.generate(algorithm, state: .current).signingKey()],
        refresh: [KeyRecord.generate(.hs256, state: .current).signingKey()])
    } catch {
      preconditionFailure("random keys are bad: \(error)")
    }
  }

  /// Reads `access.json` and `refresh.json`; makes what does not exist.
  ///
  /// - Parameters:
  ///   - path: the folder of the keys itself (`<data>/keys`); made with mode 0700 when it does not exist, its parent
  ///     must exist.
  ///   - algorithm: what new keys of access tokens are for. Keys that exist keep theirs; `KeyFiles` changes them.
  ///
  /// A new file is complete and durable before it has its name. Of two programs that start at once, both end with the
  /// same keys.
  package static func openOrCreate(
    folder path: String, algorithm: SignatureAlgorithm = .hs256
  ) throws(KeyError) -> TokenKeys {
    let folder = try KeyFolder(openOrCreate: path)
    var filesMade: [String] = []
    for (purpose, algorithm) in [(KeyPurpose.access, algorithm), (.refresh, .hs256)] {
      if try folder.read(purpose.fileName) != nil { continue }
      let isMade = try folder.create(purpose.fileName, KeyFile.newKeySet(algorithm))
      if isMade { filesMade.append(folder.path(of: purpose.fileName)) }
    }
    var keys = try TokenKeys(in: folder)
    keys.filesMade = filesMade
    return keys
  }

  /// Reads both files, and makes nothing.
  package static func open(folder path: String) throws(KeyError) -> TokenKeys {
    try TokenKeys(in: try KeyFolder(open: path))
  }

  /// Reads both files, and makes them durable before anything is signed by them: their writer can have died before its
  /// own sync.
  ///
  /// - Parameter change: bytes that stand for the file of a purpose, to see whether they may be written there.
  init(in folder: borrowing KeyFolder, change: (purpose: KeyPurpose, bytes: [UInt8])? = nil) throws(KeyError) {
    var keys: [KeyPurpose: [SigningKey]] = [:]
    for purpose in KeyPurpose.allCases {
      let bytes: [UInt8]
      if let change, change.purpose == purpose { bytes = change.bytes } else { bytes = try folder.present(purpose) }
      keys[purpose] = try KeyFile.decode(bytes, path: folder.path(of: purpose.fileName))
    }
    try folder.sync()
    do {
      try self.init(access: keys[.access] ?? [], refresh: keys[.refresh] ?? [])
    } catch {
      throw error.path.isEmpty ? error.at(folder.path) : error
    }
  }

  /// The public keys as a JWK Set (RFC 7517 §5): the next one, so that verifiers know it before it signs, the current
  /// one and the retiring ones. HS256 keys are never in it.
  package func publicJWKS() -> [UInt8] {
    Array("{\"keys\":[".utf8) + access.compactMap(\.publicJWK).joined(separator: [UInt8(ascii: ",")]) + Array("]}".utf8)
  }

  /// Whether the other has the same keys, by the same key ids and in the same states.
  func isSame(as other: TokenKeys) -> Bool {
    access.map(\.identity) == other.access.map(\.identity) && refresh.map(\.identity) == other.refresh.map(\.identity)
  }

  private static func current(of keys: [SigningKey], type: TokenType) throws(KeyError) -> SigningKey {
    let current = keys.filter { $0.state == .current }
    guard let key = current.first, current.count == 1 else {
      throw KeyError(.malformed, "\(current.count) of the \(type) keys are current; make it exactly one")
    }
    guard keys.count(where: { $0.state == .next }) <= 1 else {
      throw KeyError(.malformed, "several of the \(type) keys are next; one may be, remove the others")
    }
    guard Set(keys.map(\.id)).count == keys.count else {
      throw KeyError(.malformed, "two of the \(type) keys have the same kid; give each its own")
    }
    return key
  }
}
