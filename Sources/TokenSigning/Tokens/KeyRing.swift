internal import Synchronization

/// The keys in force, which a minter and a verifier read at each token, so that new keys need no restart.
///
/// A token is minted or verified by the keys of one moment; a change neither waits for it nor makes it wait. Safe from
/// any number of threads at once. Cost for each token: one lock, held for the copy of a reference.
package final class KeyRing: Sendable {
  private let snapshot: Mutex<KeySnapshot>
  /// Nil for keys that are in no folder.
  private let folder: String?
  private let isReloading = Mutex(())

  /// Keys that are never reloaded.
  package init(_ keys: TokenKeys) {
    snapshot = Mutex(KeySnapshot(keys))
    folder = nil
  }

  /// Opens or makes the keys of a folder, as `TokenKeys.openOrCreate(folder:algorithm:)` does.
  package init(folder: String, algorithm: SignatureAlgorithm = .hs256) throws(KeyFailure) {
    snapshot = Mutex(KeySnapshot(try TokenKeys.openOrCreate(folder: folder, algorithm: algorithm)))
    self.folder = folder
  }

  var current: KeySnapshot { snapshot.withLock { $0 } }

  /// The keys in force.
  package var keys: TokenKeys { current.keys }

  /// The public keys in force as a JWK Set (RFC 7517 §5); empty where there are HS256 keys alone.
  package var publicJWKS: [UInt8] { current.publicJWKS }

  /// Reads the folder again, and puts its keys in force; when it throws, the keys stay as they are.
  ///
  /// Makes nothing: a file that is gone is a failure. Reads files and waits for the disk: call it from where waiting is
  /// fine. Without a folder it does nothing.
  package func reload() throws(KeyFailure) {
    guard let folder else { return }
    // One at a time, so that what was read last is what stays.
    try isReloading.withLock { _ throws(KeyFailure) in
      let read = KeySnapshot(try TokenKeys.open(folder: folder))
      snapshot.withLock { $0 = read }
    }
  }
}
