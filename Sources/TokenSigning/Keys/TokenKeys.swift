/// The keys of a running server: those of access tokens, and those of refresh tokens, which are never published.
package struct TokenKeys: Sendable {
  /// The keys in the order of their file; exactly one is current.
  package let access: [SigningKey]
  package let refresh: [SigningKey]
  /// The names of the files that this opening created.
  package private(set) var filesMade: [String] = []
  let currentAccess: SigningKey
  let currentRefresh: SigningKey

  /// Creates a set of keys.
  ///
  /// - Throws: `KeyError` unless exactly one key of each purpose is current and at most one is next, if a `kid` occurs
  ///   twice, if a key serves both purposes, or if a refresh key is not HS256.
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

  /// Returns fresh keys that are not stored: every token becomes invalid when the program ends.
  package static func generate(_ algorithm: SignatureAlgorithm = .hs256) -> TokenKeys {
    do {
      return try TokenKeys(
        access: [KeyRecord.generate(algorithm, state: .current).signingKey()],
        refresh: [KeyRecord.generate(.hs256, state: .current).signingKey()])
    } catch {
      preconditionFailure("random keys are bad: \(error)")
    }
  }

  /// Reads `access.json` and `refresh.json`, and creates the files that do not exist.
  ///
  /// A new file is complete and durable before it gets its name. Two programs that start at once end up with the same
  /// keys.
  ///
  /// - Parameters:
  ///   - path: The folder of the keys itself (`<data>/keys`). It is created with mode 0700 if it does not exist; its
  ///     parent must exist.
  ///   - algorithm: The algorithm of new keys of access tokens. Existing keys keep theirs; `KeyFiles` changes them.
  /// - Returns: The keys, with the names of the files that were created.
  /// - Throws: `KeyError` if the folder or a file cannot be created or read, is open to others, or holds keys that
  ///   cannot be used.
  package static func openOrCreate(
    folder path: String, algorithm: SignatureAlgorithm = .hs256
  ) throws(KeyError) -> TokenKeys {
    try openOrCreate(FolderKeys(folder: path), algorithm: algorithm)
  }

  /// Reads the keys of any source, and creates those that do not exist.
  package static func openOrCreate(
    _ source: some KeySource, algorithm: SignatureAlgorithm
  ) throws(KeyError) -> TokenKeys {
    try source.prepare()
    let texts = try source.read()
    var filesMade: [String] = []
    for (purpose, algorithm) in [(KeyPurpose.access, algorithm), (.refresh, .hs256)] where texts.bytes[purpose] == nil {
      let publishedAt = source.publication == nil ? nil : texts.nowMilliseconds
      let isMade = try source.create(purpose, KeyFile.newKeySet(algorithm, publishedAt: publishedAt))
      if isMade { filesMade.append(source.place(of: purpose)) }
    }
    // If another program created keys at the same time, those are used.
    var keys = try open(source)
    keys.filesMade = filesMade
    return keys
  }

  /// Reads both files and creates nothing.
  package static func open(folder path: String) throws(KeyError) -> TokenKeys {
    try open(FolderKeys(folder: path))
  }

  /// Reads the keys of any source and creates nothing.
  package static func open(_ source: some KeySource) throws(KeyError) -> TokenKeys {
    try TokenKeys(try source.read(), of: source)
  }

  /// Creates the keys from their texts.
  ///
  /// Errors name `source`, the present or future source of the texts.
  init(_ texts: KeyTexts, of source: any KeySource) throws(KeyError) {
    var keys: [KeyPurpose: [SigningKey]] = [:]
    for purpose in KeyPurpose.allCases {
      keys[purpose] = try KeyFile.decode(try source.present(purpose, in: texts), path: source.place(of: purpose))
    }
    do {
      try self.init(access: keys[.access] ?? [], refresh: keys[.refresh] ?? [])
    } catch {
      throw error.path.isEmpty ? error.at(source.place) : error
    }
  }

  /// Returns the public keys as a JWK Set (RFC 7517 §5): the next one, so that verifiers know it before it signs, the
  /// current one and the retiring ones.
  ///
  /// HS256 keys are never in it.
  package func publicJWKS() -> [UInt8] {
    Array("{\"keys\":[".utf8) + access.compactMap(\.publicJWK).joined(separator: [UInt8(ascii: ",")]) + Array("]}".utf8)
  }

  /// Checks whether the other set has the same keys, with the same key ids and in the same states.
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
