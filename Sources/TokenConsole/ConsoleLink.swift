internal import Synchronization
internal import TokenEngine

/// The link that signs in once: its secret is known to whoever reads the terminal, and here by its digest alone.
final class ConsoleLink: Sendable {
  static let lifetime = Duration.seconds(600)

  private struct Pending {
    let digest: RandomSecret.Digest
    let end: ContinuousClock.Instant
  }

  private let pending = Mutex<Pending?>(nil)
  private let now: @Sendable () -> ContinuousClock.Instant

  init(now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }) {
    self.now = now
  }

  /// A new secret; the one before is void.
  func make() -> String {
    let secret = RandomSecret()
    pending.withLock { $0 = Pending(digest: secret.digest, end: now() + Self.lifetime) }
    return secret.text
  }

  /// Whether it is the secret, which is void from then on.
  func take(_ secret: String) -> Bool {
    let digest = RandomSecret.Digest(of: secret)
    let now = now()
    return pending.withLock { pending in
      guard let held = pending, held.digest == digest else { return false }
      pending = nil
      return now < held.end
    }
  }
}
