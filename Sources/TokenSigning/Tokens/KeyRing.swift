internal import Synchronization

/// The keys in force, which a minter and a verifier read for each token, so that new keys need no restart.
///
/// Each token is minted or verified with the keys of one moment; a change of keys and the use of keys never wait for
/// each other. The ring can be used from any number of threads at once, at the cost of one atomic read for each token.
/// Former keys stay in memory as long as the ring, some kilobytes for each reload with a change, since nobody can know
/// when the last thread has stopped using them.
@safe package final class KeyRing: Sendable {
  private let current: Atomic<Unmanaged<KeySnapshot>>
  /// All snapshots that were ever current, the present one last.
  private let kept: Mutex<[KeySnapshot]>
  /// The source of the keys, or nil for keys that are not stored.
  package let source: (any KeySource)?

  /// The folder of the key files, or nil for keys that are not in a folder.
  package var folder: String? { (source as? FolderKeys)?.folder }

  /// Creates a ring of keys that are never reloaded.
  package convenience init(_ keys: TokenKeys) {
    self.init(keys, source: nil)
  }

  /// Opens or creates the keys of a folder, as `TokenKeys.openOrCreate(folder:algorithm:)` does.
  package convenience init(folder: String, algorithm: SignatureAlgorithm = .hs256) throws(KeyError) {
    try self.init(FolderKeys(folder: folder), algorithm: algorithm)
  }

  /// Opens or creates the keys of any source.
  package convenience init(_ source: some KeySource, algorithm: SignatureAlgorithm) throws(KeyError) {
    self.init(try TokenKeys.openOrCreate(source, algorithm: algorithm), source: source)
  }

  private init(_ keys: TokenKeys, source: (any KeySource)?) {
    let first = KeySnapshot(keys)
    unsafe current = unsafe Atomic(Unmanaged.passUnretained(first))
    kept = Mutex([first])
    self.source = source
  }

  /// Calls `body` with the keys in force and returns its result.
  @inline(__always)
  func withCurrent<Result, Failure: Error>(
    _ body: (KeySnapshot) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // The load acquires, since another thread may have made the snapshot. The snapshot lives as long as the ring.
    let snapshot = unsafe current.load(ordering: .acquiring)
    return try unsafe body(snapshot._withUnsafeGuaranteedRef { $0 })
  }

  /// The keys in force.
  package var keys: TokenKeys { withCurrent { $0.keys } }

  /// The public keys in force as a JWK Set (RFC 7517 §5), empty if all keys are HS256.
  package var publicJWKS: [UInt8] { withCurrent { $0.publicJWKS } }

  /// Returns the nonce for proofs of this time (RFC 9449 §8): the same in all processes that have these keys.
  package func proofNonce(nowMilliseconds: Int64) -> String {
    withCurrent { $0.proofNonces[0].nonce(nowMilliseconds: nowMilliseconds) }
  }

  /// Checks whether a nonce is one of this time's step or of the step before it, by any of the keys in force: another
  /// process may sign with another one of them already, or still.
  package func accepts(proofNonce nonce: String, nowMilliseconds: Int64) -> Bool {
    withCurrent { $0.proofNonces.contains { $0.accepts(nonce, nowMilliseconds: nowMilliseconds) } }
  }

  /// Reads the keys again and puts them in force.
  ///
  /// If this throws, the keys in force stay.
  ///
  /// A missing file is an error, since nothing is created. The call waits for the disk or the database, so it must be
  /// made from a thread that may wait. Keys that are not stored stay as they are.
  ///
  /// - Returns: True if the keys have changed.
  @discardableResult
  package func reload() throws(KeyError) -> Bool {
    guard let source else { return false }
    // Reloads take turns, so that the keys read last are the ones that stay.
    return try kept.withLock { kept throws(KeyError) in
      let read = try TokenKeys.open(source)
      guard kept.last?.keys.isSame(as: read) != true else { return false }
      let snapshot = KeySnapshot(read)
      kept.append(snapshot)
      unsafe current.store(Unmanaged.passUnretained(snapshot), ordering: .releasing)
      return true
    }
  }
}

/// The keys of one moment, with everything that is derived from them once.
///
/// A snapshot never changes, and each token uses only one.
final class KeySnapshot: Sendable {
  let keys: TokenKeys
  let headers: OwnHeaders
  let access: SigningHeader
  let refresh: SigningHeader
  let oneTime: SigningHeader
  let publicJWKS: [UInt8]
  /// The nonces for proofs by each of the keys of refresh tokens, those of the current key first.
  let proofNonces: [DPoPNonces]

  init(_ keys: TokenKeys) {
    self.keys = keys
    headers = OwnHeaders(keys)
    access = SigningHeader(.access, key: keys.currentAccess)
    refresh = SigningHeader(.refresh, key: keys.currentRefresh)
    oneTime = SigningHeader(.oneTime, key: keys.currentRefresh)
    publicJWKS = keys.publicJWKS()
    let others = keys.refresh.filter { $0.id != keys.currentRefresh.id }
    proofNonces = ([keys.currentRefresh] + others).compactMap { DPoPNonces(key: $0) }
  }
}
