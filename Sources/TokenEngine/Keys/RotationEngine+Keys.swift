internal import Platform
internal import RotationModel
public import TokenSigning

/// Changing the signing keys, as `refresh-ledger keys` does: their files are in the folder `keys` of the engine's folder.
///
/// Each call writes one file whole and durably, waits up to ten seconds for other programs that change it, and puts the new keys in force here;
/// other processes that have the folder open follow within a second, as ``run()`` does. None needs a restart, and no request waits. An
/// engine in memory has no files: the calls throw ``EngineError/invalid(field:limit:)`` with the field `keys`.
extension RotationEngine {
  /// Lets the next key sign, keeps the current one for the tokens that it signed, and makes a new next key.
  ///
  /// Where there is no next key, as in a first file of HS256, a new one signs at once. Rotate about once in 90 days, and retire the old key
  /// with ``retireKey(_:of:tokenLifetime:force:)`` when its tokens are over.
  ///
  /// Keys in a database are rotated once every instance and verifier has had the time to read the next key: see
  /// ``rotateKeys(of:algorithm:force:)``.
  ///
  /// - Parameters:
  ///   - use: whose keys. Those of refresh and one-time tokens are HS256 always.
  ///   - algorithm: what the new key of access tokens is for; nil for what the current one is for. To change it takes two rotations where public
  ///     keys are published: verifiers learn of the new key after the first, and it signs after the second.
  /// - Throws: ``EngineError/keys(_:)`` where a file cannot be read or written, another program holds it, or it has 16 keys.
  @discardableResult
  public func rotateKeys(
    of use: KeyState.Use = .access, algorithm: SignatureAlgorithm? = nil
  ) async throws(EngineError) -> RotatedKeys {
    try await rotateKeys(of: use, algorithm: algorithm, force: false)
  }

  /// The same.
  ///
  /// - Parameter force: whether to rotate keys in a database although somebody may not know the next key yet: whoever has not read it refuses its tokens.
  ///   Without, that is refused until the key was published for as long as a JWK Set may be kept (300 s; none of HS256 is) and an instance may
  ///   be cut off without being called so.
  @discardableResult
  public func rotateKeys(
    of use: KeyState.Use = .access, algorithm: SignatureAlgorithm? = nil, force: Bool
  ) async throws(EngineError) -> RotatedKeys {
    guard use == .access || algorithm == nil || algorithm == .hs256 else {
      throw .invalid(field: "algorithm", limit: "HS256 for refresh and one-time tokens")
    }
    let algorithm = algorithm ?? accessAlgorithm
    let now = clock.now().milliseconds
    let rotated = try await changeKeys { files throws(KeyChangeError) in
      switch use {
      case .access: try files.rotateAccess(algorithm: algorithm, nowMilliseconds: now, force: force)
      case .refresh: try files.rotateRefresh(nowMilliseconds: now, force: force)
      }
    }
    return RotatedKeys(current: rotated.current, next: rotated.next, retiring: rotated.retiring)
  }

  /// Removes a retiring key: what it signed is refused from now on.
  ///
  /// - Parameters:
  ///   - id: the `kid`, ``KeyState/id``.
  ///   - tokenLifetime: how long tokens of this key live at most; nil for the longest that there can be, 30 days for access tokens and 100 years for
  ///     refresh and one-time tokens. Where every client lives by ``EngineOptions/accessLifetime``, that is enough.
  ///   - force: whether to remove it although such a token may still live.
  /// - Throws: ``EngineError/keys(_:)`` for a key that is unknown or not retiring, or whose tokens may live.
  public func retireKey(
    _ id: String, of use: KeyState.Use = .access, tokenLifetime: Duration? = nil, force: Bool = false
  ) async throws(EngineError) {
    let longest = use == .access ? Lifetimes.accessMillisecondsMax : Lifetimes.millisecondsMax
    let milliseconds = tokenLifetime?.wholeMilliseconds ?? longest
    let now = clock.now().milliseconds
    try await changeKeys { files throws(KeyChangeError) in
      try files.retire(
        id, of: use == .access ? .access : .refresh, tokenMilliseconds: milliseconds, nowMilliseconds: now,
        force: force)
    }
  }

  /// Takes a private key of yours (PKCS #8 in PEM, not encrypted: P-256, Ed25519 or RSA of 2048 to 4096 bits) for the next key of access tokens, in place
  /// of the next key that was there, which has signed nothing. Rotate to sign with it. Returns its `kid`.
  ///
  /// - Parameter algorithm: what the key is for; an RSA key without one is for RS256.
  @discardableResult
  public func importNextKey(
    pem: String, algorithm: SignatureAlgorithm? = nil
  ) async throws(EngineError) -> String {
    try await changeKeys { files throws(KeyChangeError) in
      try files.importNextAccess(pem: Array(pem.utf8), algorithm: algorithm)
    }
  }

  var keyFolder: String {
    get throws(EngineError) {
      guard let folder = keys.folder else {
        throw .invalid(field: "keys", limit: "those of an engine that was opened in a folder")
      }
      return folder
    }
  }

  @discardableResult
  private func changeKeys<Outcome: Sendable>(
    _ change: @escaping @Sendable (KeyFiles) throws(KeyChangeError) -> Outcome
  ) async throws(EngineError) -> Outcome {
    guard let source = keys.source else {
      throw .invalid(field: "keys", limit: "those of an engine that was opened in a folder or on a database")
    }
    let keys = keys
    return try await BlockingWork.run { () throws(EngineError) in
      let outcome: Outcome
      do throws(KeyChangeError) {
        outcome = try change(KeyFiles(source))
        try KeyChangeError.files { () throws(KeyError) in _ = try keys.reload() }
      } catch {
        throw EngineError(error)
      }
      return outcome
    }
  }
}

extension RotationEngine {
  /// The keys in force, those of access tokens first.
  public var keyStates: [KeyState] {
    let keys = keys.keys
    return keys.access.map { KeyState($0, use: .access) } + keys.refresh.map { KeyState($0, use: .refresh) }
  }

  /// Puts changed keys in force, so that no key signs long after it was rotated out. Keys that are refused leave those from before in
  /// force; the observer is told once.
  func followKeys(_ watch: inout KeyWatch) async {
    guard watch.hasChanged() else { return }
    let keys = keys
    do throws(KeyError) {
      if try await BlockingWork.run({ () throws(KeyError) in try keys.reload() }) {
        observer.engine(observed: .keysReloaded)
      }
    } catch {
      // Who cannot be reached has refused nothing: the next look tries again.
      guard error.kind != .unavailable else { return watch.forget() }
      observer.engine(observed: .keysRefused(error.description))
    }
  }
}
