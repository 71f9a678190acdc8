/// The changes to the keys of a folder or a database that `keys rotate`, `keys retire` and the import of a key make.
///
/// Each change is one replacement of one purpose's keys, complete and durable before the call returns. Programs that
/// make changes at once take turns, in a folder by a lock. A running server uses its keys until it reloads them
/// (`KeyRing.reload()`). Old keys are as usable as new ones, so that an interrupted change does no harm. A call that
/// finds the lock taken waits for it up to ten seconds.
package struct KeyFiles: Sendable {
  /// The key ids after a rotation.
  package struct Rotated: Sendable, Hashable {
    /// The key that signs from now on.
    package let current: String
    package let next: String
    /// The key that signed until now.
    package let retiring: String
  }

  private let source: any KeySource

  /// - Parameter source: The source of the keys, which must exist.
  package init(_ source: some KeySource) {
    self.source = source
  }

  /// - Parameter folder: The folder of the keys itself (`<data>/keys`), which must exist.
  package init(folder: String) {
    self.init(FolderKeys(folder: folder))
  }

  /// Creates the changes to a folder, with `lockTries` attempts to take the lock, one every 5 ms.
  init(folder: String, lockTries: Int) {
    self.init(FolderKeys(folder: folder, lockTries: lockTries))
  }

  /// Rotates the keys of access tokens: the next key becomes current, the current one retiring, and a new one of this
  /// algorithm the next.
  ///
  /// If there is no next key, as in a first file of HS256, a new one of this algorithm becomes current at once. Shared
  /// keys can be rotated only once the next key is known to all (`KeyPublication`). If no next key was published yet,
  /// this call publishes one, and the rotation is refused until it is known.
  ///
  /// - Parameters:
  ///   - algorithm: The algorithm of the new key.
  ///   - nowMilliseconds: The time in milliseconds since the epoch, for a source without a clock of its own.
  ///   - force: True to rotate even if somebody may not know the next key.
  /// - Returns: The ids of the keys that are now current, next and retiring.
  /// - Throws: `KeyChangeError`: `.unpublished` if the next key is not known to all yet, `.full` if there are too many
  ///   keys, `.locked` if other programs are changing the keys, and `.files` if they cannot be read or written.
  @discardableResult
  package func rotateAccess(
    algorithm: SignatureAlgorithm, nowMilliseconds: Int64, force: Bool = false
  ) throws(KeyChangeError) -> Rotated {
    try rotate(.access, algorithm: algorithm, nowMilliseconds: nowMilliseconds, force: force)
  }

  /// Rotates the keys of refresh and one-time tokens, which are always HS256.
  @discardableResult
  package func rotateRefresh(nowMilliseconds: Int64, force: Bool = false) throws(KeyChangeError) -> Rotated {
    try rotate(.refresh, algorithm: .hs256, nowMilliseconds: nowMilliseconds, force: force)
  }

  /// Removes a retiring key, so that the tokens it signed are refused from the next reload on.
  ///
  /// - Parameters:
  ///   - id: The key id.
  ///   - purpose: The purpose of the key.
  ///   - tokenMilliseconds: The longest lifetime of the tokens of this purpose: that of access tokens, or of sessions.
  ///   - nowMilliseconds: The time in milliseconds since the epoch, for a source without a clock of its own.
  ///   - force: True to remove the key even if such a token may still be valid.
  /// - Throws: `KeyChangeError`: `.unknownKey` or `.notRetiring` for a key that cannot be removed, `.tokensAlive` if
  ///   its tokens may still be valid and `force` is false, `.locked` if other programs are changing the keys, and
  ///   `.files` if they cannot be read or written.
  package func retire(
    _ id: String, of purpose: KeyPurpose, tokenMilliseconds: Int64, nowMilliseconds: Int64, force: Bool = false
  ) throws(KeyChangeError) {
    _ = try change(purpose, nowMilliseconds: nowMilliseconds) { records, now, path throws(KeyChangeError) in
      try KeyRotation.retired(
        records, id: id, tokenMilliseconds: tokenMilliseconds, nowMilliseconds: now, force: force, path: path)
    }
  }

  /// Imports a private key of PKCS #8 in PEM as the next key of access tokens, and returns its key id.
  ///
  /// The key replaces the next key that was there, which has signed nothing. Rotate the keys to sign with it.
  ///
  /// - Parameters:
  ///   - pem: The text of the key.
  ///   - algorithm: The algorithm of the key; an RSA key without one is for RS256.
  /// - Returns: The key id, which is the fingerprint of the key.
  /// - Throws: `KeyChangeError`: `.files` if the key is not usable or the keys cannot be read or written, `.full` if
  ///   there are too many keys, and `.locked` if other programs are changing them.
  @discardableResult
  package func importNextAccess(
    pem: [UInt8], algorithm: SignatureAlgorithm? = nil
  ) throws(KeyChangeError) -> String {
    let record = try KeyChangeError.files { () throws(KeyError) in
      let numbers = try PEMKey.numbers(pem)
      let algorithm = algorithm ?? numbers.kind.usualAlgorithm
      // The key is checked before it is in a file, so that the error speaks of the PEM.
      _ = try PrivateKey(numbers, algorithm: algorithm)
      return KeyRecord(numbers, algorithm: algorithm, state: .next)
    }
    _ = try change(.access, nowMilliseconds: 0) { records, now, _ in
      KeyRotation.replacingNext(records, with: source.publication == nil ? record : record.published(at: now))
    }
    return record.id
  }

  /// Copies the keys, as they are at one moment, to another folder of keys.
  ///
  /// The folder is created with mode 0700 and must hold no keys. The copy is durable on return.
  package func copy(to target: String) throws(KeyChangeError) {
    try copy(to: FolderKeys(folder: target), nowMilliseconds: 0)
  }

  /// Copies the keys to any source.
  ///
  /// If the source is shared, the copy has a next key, which is published at this moment.
  package func copy(to target: some KeySource, nowMilliseconds: Int64) throws(KeyChangeError) {
    let texts = try source.readBetweenChanges()
    try KeyChangeError.files { () throws(KeyError) in
      // The keys are checked, so that only good ones are copied.
      _ = try TokenKeys(texts, of: source)
      try target.prepare()
      for purpose in KeyPurpose.allCases {
        var bytes = try source.present(purpose, in: texts)
        if target.publication != nil {
          let records = try KeyFile.records(bytes, path: source.place(of: purpose))
          let algorithm = records.first { $0.state == .current }?.algorithm ?? .hs256
          bytes = KeyFile.encode(
            KeyRotation.published(records, nowMilliseconds: nowMilliseconds) {
              KeyRecord.generate(algorithm, state: .next)
            })
        }
        guard try target.create(purpose, bytes) else {
          throw KeyError(
            .inputOutput, path: target.place(of: purpose), "is there already; name a folder without keys")
        }
      }
    }
  }

  private func rotate(
    _ purpose: KeyPurpose, algorithm: SignatureAlgorithm, nowMilliseconds: Int64, force: Bool
  ) throws(KeyChangeError) -> Rotated {
    let publication = source.publication
    var tooEarly: KeyChangeError?
    let records = try change(purpose, nowMilliseconds: nowMilliseconds) { records, now, path throws(KeyChangeError) in
      tooEarly = nil
      if let publication, !force,
        let early = KeyRotation.unpublished(
          records, publication, nowMilliseconds: now, path: path,
          makeNext: { KeyRecord.generate(algorithm, state: .next) })
      {
        guard early.isNew else { throw early.refusal }
        tooEarly = early.refusal
        return early.records
      }
      let next = KeyRecord.generate(algorithm, state: .next)
      return KeyRotation.rotated(
        records, newNext: publication == nil ? next : next.published(at: now), nowMilliseconds: now,
        makeCurrent: { KeyRecord.generate(algorithm, state: .current) })
    }
    if let tooEarly { throw tooEarly }
    return Rotated(current: records[1].id, next: records[0].id, retiring: records[2].id)
  }

  /// Reads, changes and replaces the keys of one purpose.
  ///
  /// The new keys are parsed again, together with those of the other purpose, before they are written.
  ///
  /// `nowMilliseconds` is the time by the caller's clock, for a source that has none of its own.
  private func change(
    _ purpose: KeyPurpose, nowMilliseconds: Int64,
    _ body: ([KeyRecord], _ now: Int64, _ path: String) throws(KeyChangeError) -> [KeyRecord]
  ) throws(KeyChangeError) -> [KeyRecord] {
    let path = source.place(of: purpose)
    var changed: [KeyRecord] = []
    try source.replace(purpose) { texts throws(KeyChangeError) in
      let records = try KeyChangeError.files { () throws(KeyError) in
        // The keys are checked, so that only good ones are changed.
        _ = try TokenKeys(texts, of: source)
        return try KeyFile.records(source.present(purpose, in: texts), path: path)
      }
      changed = try body(records, texts.nowMilliseconds ?? nowMilliseconds, path)
      guard changed.count <= KeyFile.keysMax else { throw .full(path: path) }
      var after = texts
      let bytes = KeyFile.encode(changed)
      after.bytes[purpose] = bytes
      try KeyChangeError.files { () throws(KeyError) in _ = try TokenKeys(after, of: source) }
      return bytes
    }
    return changed
  }
}
