internal import Synchronization

/// The keys in force, which a minter and a verifier read at each token, so that new keys need no restart.
///
/// A token is minted or verified by the keys of one moment; a change neither waits for it nor makes it wait. Safe from
/// any number of threads at once. Cost for each token: one atomic read. Keys that were in force stay in memory with the
/// ring, some kilobytes for each reload that changed anything: nobody can know when the last token let go of them.
@safe package final class KeyRing: Sendable {
  private let current: Atomic<Unmanaged<KeySnapshot>>
  /// All that were ever current, the present one last.
  private let kept: Mutex<[KeySnapshot]>
  /// Where they are kept; nil for keys that are nowhere.
  package let source: (any KeySource)?

  /// The folder of their files; nil for keys that are in no folder.
  package var folder: String? { (source as? FolderKeys)?.folder }

  /// Keys that are never reloaded.
  package convenience init(_ keys: TokenKeys) {
    self.init(keys, source: nil)
  }

  /// Opens or makes the keys of a folder, as `TokenKeys.openOrCreate(folder:algorithm:)` does.
  package convenience init(folder: String, algorithm: SignatureAlgorithm = .hs256) throws(KeyError) {
    try self.init(FolderKeys(folder: folder), algorithm: algorithm)
  }

  /// The same in any place.
  package convenience init(_ source: some KeySource, algorithm: SignatureAlgorithm) throws(KeyError) {
    self.init(try TokenKeys.openOrCreate(source, algorithm: algorithm), source: source)
  }

  private init(_ keys: TokenKeys, source: (any KeySource)?) {
    let first = KeySnapshot(keys)
    unsafe current = unsafe Atomic(Unmanaged.passUnretained(first))
    kept = Mutex([first])
    self.source = source
  }

  /// Gives `body` the keys in force, and returns what it makes of them.
  @inline(__always)
  func withCurrent<Result, Failure: Error>(
    _ body: (KeySnapshot) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // Acquiring: the snapshot was made by whoever stored it. It lives as long as the ring.
    let snapshot = unsafe current.load(ordering: .acquiring)
    return try unsafe body(snapshot._withUnsafeGuaranteedRef { $0 })
  }

  /// The keys in force.
  package var keys: TokenKeys { withCurrent { $0.keys } }

  /// The public keys in force as a JWK Set (RFC 7517 §5); empty where there are HS256 keys alone.
  package var publicJWKS: [UInt8] { withCurrent { $0.publicJWKS } }

  /// Reads the keys again, and puts them in force; when it throws, the keys stay as they are.
  ///
  /// Makes nothing: a file that is gone is a failure. Waits for the disk or the database: call it from where waiting is
  /// fine. Keys that are nowhere stay. Returns whether they are others than before.
  @discardableResult
  package func reload() throws(KeyError) -> Bool {
    guard let source else { return false }
    // One at a time, so that what was read last is what stays.
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

/// The keys of one moment, with what is derived from them once: it never changes, and a token sees one of them alone.
final class KeySnapshot: Sendable {
  let keys: TokenKeys
  let headers: OwnHeaders
  let access: SigningHeader
  let refresh: SigningHeader
  let oneTime: SigningHeader
  let publicJWKS: [UInt8]

  init(_ keys: TokenKeys) {
    self.keys = keys
    headers = OwnHeaders(keys)
    access = SigningHeader(.access, key: keys.currentAccess)
    refresh = SigningHeader(.refresh, key: keys.currentRefresh)
    oneTime = SigningHeader(.oneTime, key: keys.currentRefresh)
    publicJWKS = keys.publicJWKS()
  }
}
