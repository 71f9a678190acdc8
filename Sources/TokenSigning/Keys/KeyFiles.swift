/// Changes the keys of a folder or a database: what `keys rotate`, `keys retire` and the import of a key do.
///
/// Each change is one replacement of one purpose's keys: whole, and durable before the call returns. Programs that change at once
/// take turns, in a folder by a lock. A running server keeps the keys that it has until it reloads them (`KeyRing.reload()`); old
/// keys are as usable as new ones, so it does not matter when a change is cut off.
///
/// A call that finds the lock taken waits up to ten seconds for it.
package struct KeyFiles: Sendable {
  /// The keys after a rotation, by their key ids.
  package struct Rotated: Sendable, Hashable {
    /// It signs from now on.
    package let current: String
    package let next: String
    /// It signed until now.
    package let retiring: String
  }

  private let source: any KeySource

  /// - Parameter source: where the keys are, which must exist.
  package init(_ source: some KeySource) {
    self.source = source
  }

  /// - Parameter folder: the folder of the keys itself (`<data>/keys`), which must exist.
  package init(folder: String) {
    self.init(FolderKeys(folder: folder))
  }

  /// - Parameter lockTries: how often it asks for the lock, every 5 ms.
  init(folder: String, lockTries: Int) {
    self.init(FolderKeys(folder: folder, lockTries: lockTries))
  }

  /// The next key becomes current, the current one retiring, and a new one of this algorithm the next.
  ///
  /// Where there is no next key, as in a first file of HS256, a new one of this algorithm becomes current at once. Keys that many share are
  /// rotated once the next key is known to all (`KeyPublication`): where nobody has made one known, this call does, and is refused until then.
  ///
  /// - Parameter force: whether to rotate although somebody may not know the next key.
  @discardableResult
  package func rotateAccess(
    algorithm: SignatureAlgorithm, nowMilliseconds: Int64, force: Bool = false
  ) throws(KeyChangeError) -> Rotated {
    try rotate(.access, algorithm: algorithm, nowMilliseconds: nowMilliseconds, force: force)
  }

  /// The same for the key of refresh and one-time tokens, which is HS256 always.
  @discardableResult
  package func rotateRefresh(nowMilliseconds: Int64, force: Bool = false) throws(KeyChangeError) -> Rotated {
    try rotate(.refresh, algorithm: .hs256, nowMilliseconds: nowMilliseconds, force: force)
  }

  /// Removes a retiring key: what it signed is refused from the next reload on.
  ///
  /// - Parameters:
  ///   - tokenMilliseconds: the longest that a token of this purpose lives: the lifetime of access tokens, or of
  ///     sessions.
  ///   - force: whether to remove it although such a token may still live.
  package func retire(
    _ id: String, of purpose: KeyPurpose, tokenMilliseconds: Int64, nowMilliseconds: Int64, force: Bool = false
  ) throws(KeyChangeError) {
    _ = try change(purpose, nowMilliseconds: nowMilliseconds) { records, now, path throws(KeyChangeError) in
      try KeyRotation.retired(
        records, id: id, tokenMilliseconds: tokenMilliseconds, nowMilliseconds: now, force: force, path: path)
    }
  }

  /// Takes a private key of PKCS #8 in PEM for the next key of access tokens, in place of the next key that was there,
  /// which has signed nothing. Rotate to sign with it. Returns its key id.
  ///
  /// - Parameter algorithm: what the key is for; an RSA key without one is for RS256.
  @discardableResult
  package func importNextAccess(
    pem: [UInt8], algorithm: SignatureAlgorithm? = nil
  ) throws(KeyChangeError) -> String {
    let record = try KeyChangeError.files { () throws(KeyError) in
      let numbers = try PEMKey.numbers(pem)
      let algorithm = algorithm ?? numbers.kind.usualAlgorithm
      // Checked before it is in a file, so that the refusal speaks of the PEM.
      _ = try PrivateKey(numbers, algorithm: algorithm)
      return KeyRecord(numbers, algorithm: algorithm, state: .next)
    }
    _ = try change(.access, nowMilliseconds: 0) { records, now, _ in
      KeyRotation.replacingNext(records, with: source.publication == nil ? record : record.published(at: now))
    }
    return record.id
  }

  /// Copies the keys, as they are at one moment, to another folder of keys, which is made with mode 0700 and must
  /// hold none. Durable on return.
  package func copy(to target: String) throws(KeyChangeError) {
    try copy(to: FolderKeys(folder: target), nowMilliseconds: 0)
  }

  /// The same to any place. Where many share it, the copy has a next key, which is known from this moment on.
  package func copy(to target: some KeySource, nowMilliseconds: Int64) throws(KeyChangeError) {
    let texts = try source.readBetweenChanges()
    try KeyChangeError.files { () throws(KeyError) in
      // Only good keys are copied.
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

  /// Reads, changes and replaces one purpose's keys. What is written has been read back first, beside the other's.
  ///
  /// - Parameter nowMilliseconds: the time by the caller's clock, for a source that has none of its own.
  private func change(
    _ purpose: KeyPurpose, nowMilliseconds: Int64,
    _ body: ([KeyRecord], _ now: Int64, _ path: String) throws(KeyChangeError) -> [KeyRecord]
  ) throws(KeyChangeError) -> [KeyRecord] {
    let path = source.place(of: purpose)
    var changed: [KeyRecord] = []
    try source.replace(purpose) { texts throws(KeyChangeError) in
      let records = try KeyChangeError.files { () throws(KeyError) in
        // Only good keys are changed.
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
