/// The keys of a running server: those of access tokens and, never published, those of refresh tokens.
package struct TokenKeys: Sendable {
  /// In the order of their file; exactly one is current.
  package let access: [SigningKey]
  package let refresh: [SigningKey]
  /// The files that did not exist and were made by this opening.
  package private(set) var filesMade: [String] = []
  let currentAccess: SigningKey
  let currentRefresh: SigningKey

  /// Refuses a set without exactly one current key, with a `kid` twice, or with a key that serves both purposes.
  package init(access: [SigningKey], refresh: [SigningKey]) throws(KeyFailure) {
    currentAccess = try Self.current(of: access, type: .access)
    currentRefresh = try Self.current(of: refresh, type: .refresh)
    let refreshFingerprints = Set(refresh.map(\.fingerprint))
    guard access.allSatisfy({ !refreshFingerprints.contains($0.fingerprint) }) else {
      throw KeyFailure(.weak, "one key is used for access and for refresh tokens; remove one of the files")
    }
    self.access = access
    self.refresh = refresh
  }

  /// Fresh keys that are kept nowhere: every token ends with the program.
  package static func generate() -> TokenKeys {
    do {
      return try TokenKeys(
        access: [SigningKey(secret: OpenSSLRandom.secret(bytes: KeyFile.secretBytes), state: .current)],
        refresh: [SigningKey(secret: OpenSSLRandom.secret(bytes: KeyFile.secretBytes), state: .current)])
    } catch {
      preconditionFailure("two random keys are equal: \(error)")
    }
  }

  /// Reads `access.json` and `refresh.json`; makes what does not exist.
  ///
  /// - Parameter folder: the folder of the keys itself (`<data>/keys`); made with mode 0700 when it does not exist, its
  ///   parent must exist.
  ///
  /// A new file is complete and durable before it has its name. Of two programs that start at once, both end with the
  /// same keys.
  package static func openOrCreate(folder path: String) throws(KeyFailure) -> TokenKeys {
    let folder = try KeyFolder(openOrCreate: path)
    var filesMade: [String] = []
    let access = try load("access.json", in: folder, made: &filesMade)
    let refresh = try load("refresh.json", in: folder, made: &filesMade)
    do {
      var keys = try TokenKeys(access: access, refresh: refresh)
      keys.filesMade = filesMade
      return keys
    } catch {
      throw error.path.isEmpty ? error.at(path) : error
    }
  }

  /// The public keys as a JWK Set (RFC 7517 §5). HS256 has none, so the set is empty.
  package func publicJWKS() -> [UInt8] {
    Array("{\"keys\":[]}".utf8)
  }

  private static func load(
    _ name: String, in folder: borrowing KeyFolder, made: inout [String]
  ) throws(KeyFailure) -> [SigningKey] {
    if let bytes = try folder.read(name) { return try KeyFile.decode(bytes, path: folder.path(of: name)) }
    if try folder.create(name, KeyFile.newKeySet()) { made.append(folder.path(of: name)) }
    guard let bytes = try folder.read(name) else {
      throw KeyFailure(.missing, path: folder.path(of: name), "disappeared while it was being made; start again")
    }
    return try KeyFile.decode(bytes, path: folder.path(of: name))
  }

  private static func current(of keys: [SigningKey], type: TokenType) throws(KeyFailure) -> SigningKey {
    let current = keys.filter { $0.state == .current }
    guard let key = current.first, current.count == 1 else {
      throw KeyFailure(.malformed, "\(current.count) of the \(type) keys are current; exactly one must be")
    }
    guard Set(keys.map(\.id)).count == keys.count else {
      throw KeyFailure(.malformed, "two of the \(type) keys have the same kid; give each its own")
    }
    return key
  }
}
