internal import Platform
internal import RotationModel
public import TokenSigning

/// Changes of the signing keys, as `refresh-ledger keys` makes them.
///
/// The files of the keys are in the folder `keys` of the engine's folder.
///
/// Each call writes one file completely and durably, waits up to ten seconds for other programs that change it, and
/// puts the new keys in force here. Other processes with the folder open follow within a second, as ``run()`` does. No
/// call needs a restart, and no request waits. An engine in memory has no files, so the calls throw
/// ``EngineError/invalid(field:limit:)`` with the field `keys`.
extension RotationEngine {
  /// Rotates the keys: the next key signs, the current one is kept for the tokens that it signed, and a new next key is
  /// made.
  ///
  /// If there is no next key, as in a first file of HS256, a new one signs at once. Rotate about once in 90 days, and
  /// retire the old key with ``retireKey(_:of:tokenLifetime:force:)`` when its tokens have expired.
  ///
  /// Keys in a database can be rotated once every instance and verifier has had time to read the next key: see
  /// ``rotateKeys(of:algorithm:force:)``.
  ///
  /// - Parameters:
  ///   - use: The use of the keys. Those of refresh and one-time tokens are always HS256.
  ///   - algorithm: The algorithm of the new key of access tokens, or nil for that of the current one. With published
  ///     keys a change takes two rotations: verifiers learn of the new key after the first, and it signs after the
  ///     second.
  /// - Returns: The ids of the keys of this use after the rotation.
  /// - Throws: ``EngineError/keys(_:)`` if a file cannot be read or written, another program holds it, it has 16 keys,
  ///   or the next key was not published for long enough. ``EngineError/store(_:)`` if the keys are out of reach.
  ///   ``EngineError/invalid(field:limit:)`` with the field `algorithm` for refresh and one-time tokens with another
  ///   than HS256.
  @discardableResult
  public func rotateKeys(
    of use: KeyState.Use = .access, algorithm: SignatureAlgorithm? = nil
  ) async throws(EngineError) -> RotatedKeys {
    try await rotateKeys(of: use, algorithm: algorithm, force: false)
  }

  /// Rotates the keys as ``rotateKeys(of:algorithm:)`` does, by force if needed.
  ///
  /// - Parameters:
  ///   - use: The use of the keys.
  ///   - algorithm: The algorithm of the new key of access tokens, or nil for that of the current one.
  ///   - force: True to rotate keys in a database even if somebody may not know the next key yet; whoever has not read
  ///     it refuses its tokens. Without force this is refused until the key was published for the time that a JWK Set
  ///     can be cached (300 s; 0 for HS256, which is in none) and the time that an instance can be cut off unnoticed.
  /// - Returns: The ids of the keys of this use after the rotation.
  /// - Throws: The errors of ``rotateKeys(of:algorithm:)``.
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

  /// Removes a retiring key: the tokens that it signed are refused from now on.
  ///
  /// - Parameters:
  ///   - id: The `kid`, ``KeyState/id``.
  ///   - use: The use of the key.
  ///   - tokenLifetime: The longest lifetime of the tokens of this key, or nil for the longest possible one: 30 days
  ///     for access tokens and 100 years for refresh and one-time tokens. If every client has
  ///     ``EngineOptions/accessLifetime``, that is enough.
  ///   - force: True to remove the key even if such a token may still be valid.
  /// - Throws: ``EngineError/keys(_:)`` for a key that is unknown, not retiring, or whose tokens may still be valid,
  ///   and if a file cannot be read or written. ``EngineError/store(_:)`` if the keys are out of reach.
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

  /// Imports a private key of yours as the next key of access tokens.
  ///
  /// The imported key replaces the next key that was there, which has signed nothing. Rotate the keys to sign with it.
  ///
  /// - Parameters:
  ///   - pem: The key, PKCS #8 in PEM, not encrypted: P-256, Ed25519 or RSA of 2048 to 4096 bits.
  ///   - algorithm: The algorithm of the key; an RSA key without one is for RS256.
  /// - Returns: The `kid` of the imported key.
  /// - Throws: ``EngineError/keys(_:)`` if the key cannot be used or a file cannot be read or written.
  ///   ``EngineError/store(_:)`` if the keys are out of reach.
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

  /// Puts changed keys in force, so that no key signs long after it was rotated out.
  ///
  /// If the changed keys are refused, the former ones stay in force, and the observer is told once.
  func followKeys(_ watch: inout KeyWatch) async {
    guard watch.hasChanged() else { return }
    let keys = keys
    do throws(KeyError) {
      if try await BlockingWork.run({ () throws(KeyError) in try keys.reload() }) {
        observer.engine(observed: .keysReloaded)
      }
    } catch {
      // A source that cannot be reached has refused nothing; the next check tries again.
      guard error.kind != .unavailable else { return watch.forget() }
      observer.engine(observed: .keysRefused(error.description))
    }
  }
}
