/// Changes the key files of a folder: what `keys rotate`, `keys retire` and the import of a key do.
///
/// Each change is one replacement of one file: whole, and durable before the call returns. Programs that change at once
/// take turns by a lock. A running server keeps the keys that it has until it reloads them (`KeyRing.reload()`); an old
/// file is as usable as a new one, so it does not matter when a change is cut off.
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

  private let folder: String
  private let lockTries: Int

  /// - Parameter folder: the folder of the keys itself (`<data>/keys`), which must exist.
  package init(folder: String) {
    self.init(folder: folder, lockTries: 2_000)
  }

  /// - Parameter lockTries: how often it asks for the lock, every 5 ms.
  init(folder: String, lockTries: Int) {
    self.folder = folder
    self.lockTries = lockTries
  }

  /// The next key becomes current, the current one retiring, and a new one of this algorithm the next.
  ///
  /// Where there is no next key, as in a first file of HS256, a new one of this algorithm becomes current at once.
  @discardableResult
  package func rotateAccess(
    algorithm: SignatureAlgorithm, nowMilliseconds: Int64
  ) throws(KeyChangeError) -> Rotated {
    try rotate(.access, algorithm: algorithm, nowMilliseconds: nowMilliseconds)
  }

  /// The same for the key of refresh and one-time tokens, which is HS256 always.
  @discardableResult
  package func rotateRefresh(nowMilliseconds: Int64) throws(KeyChangeError) -> Rotated {
    try rotate(.refresh, algorithm: .hs256, nowMilliseconds: nowMilliseconds)
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
    _ = try change(purpose) { records, path throws(KeyChangeError) in
      try KeyRotation.retired(
        records, id: id, tokenMilliseconds: tokenMilliseconds, nowMilliseconds: nowMilliseconds, force: force,
        path: path)
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
    let record = try Self.files { () throws(KeyError) in
      let numbers = try PEMKey.numbers(pem)
      let algorithm = algorithm ?? numbers.kind.usualAlgorithm
      // Checked before it is in a file, so that the refusal speaks of the PEM.
      _ = try PrivateKey(numbers, algorithm: algorithm)
      return KeyRecord(numbers, algorithm: algorithm, state: .next)
    }
    _ = try change(.access) { records, _ in KeyRotation.replacingNext(records, with: record) }
    return record.id
  }

  /// Copies both files, as they are at one moment, to another folder of keys, which is made with mode 0700 and must
  /// hold none. Durable on return.
  package func copy(to target: String) throws(KeyChangeError) {
    let folder = try Self.files { () throws(KeyError) in try KeyFolder(open: self.folder) }
    guard folder.lock(tries: lockTries) else { throw .locked(path: folder.path) }
    try Self.files { () throws(KeyError) in
      // Only good files are copied.
      _ = try TokenKeys(in: folder)
      let copy = try KeyFolder(openOrCreate: target)
      for purpose in KeyPurpose.allCases {
        guard try copy.create(purpose.fileName, folder.present(purpose)) else {
          throw KeyError(
            .inputOutput, path: copy.path(of: purpose.fileName), "is there already; name a folder without keys")
        }
      }
    }
  }

  private func rotate(
    _ purpose: KeyPurpose, algorithm: SignatureAlgorithm, nowMilliseconds: Int64
  ) throws(KeyChangeError) -> Rotated {
    let records = try change(purpose) { records, _ in
      KeyRotation.rotated(
        records, newNext: KeyRecord.generate(algorithm, state: .next), nowMilliseconds: nowMilliseconds,
        makeCurrent: { KeyRecord.generate(algorithm, state: .current) })
    }
    return Rotated(current: records[1].id, next: records[0].id, retiring: records[2].id)
  }

  /// Reads, changes and replaces one file under the lock. What is written has been read back first, beside the other
  /// file.
  private func change(
    _ purpose: KeyPurpose, _ body: ([KeyRecord], String) throws(KeyChangeError) -> [KeyRecord]
  ) throws(KeyChangeError) -> [KeyRecord] {
    let folder = try Self.files { () throws(KeyError) in try KeyFolder(open: self.folder) }
    guard folder.lock(tries: lockTries) else { throw .locked(path: folder.path) }
    let path = folder.path(of: purpose.fileName)
    let records = try Self.files { () throws(KeyError) in
      // Only good files are changed.
      _ = try TokenKeys(in: folder)
      return try KeyFile.records(folder.present(purpose), path: path)
    }
    let changed = try body(records, path)
    guard changed.count <= KeyFile.keysMax else { throw .full(path: path) }
    try Self.files { () throws(KeyError) in
      let bytes = KeyFile.encode(changed)
      _ = try TokenKeys(in: folder, change: (purpose, bytes))
      try folder.replace(purpose.fileName, with: bytes)
    }
    return changed
  }

  private static func files<Result: ~Copyable>(
    _ body: () throws(KeyError) -> Result
  ) throws(KeyChangeError) -> Result {
    do { return try body() } catch { throw .files(error) }
  }

}
