import Synchronization
import TokenEngine

/// Bounds the failed log-ins of each name: a name may fail so often at once, and regains that much every minute.
///
/// A name past its bound is answered as an overloaded store is, also with the right password and before any hashing.
/// Names are forgotten once they have regained all, and, when there are too many, the third that has failed least.
struct LoginLimiter: SubjectStore {
  private struct Bucket {
    var left: Double
    var updated: ContinuousClock.Instant
  }

  private final class Buckets: Sendable {
    let byName = Mutex<[String: Bucket]>([:])
  }

  private let store: any SubjectStore
  private let failuresPerMinute: Double
  private let buckets = Buckets()

  private static let namesMax = 10_000

  init(_ store: any SubjectStore, failuresPerMinute: Int) {
    self.store = store
    self.failuresPerMinute = Double(failuresPerMinute)
  }

  func authenticate(name: String, password: String) async throws -> Subject? {
    // What no account can have costs no hashing, and must not push a name that is put off out of the buckets.
    guard name.utf8.count <= AccountText.nameBytesMax,
      (1...AccountText.secretBytesMax).contains(password.utf8.count)
    else { return nil }
    guard take(name) else { throw StoreFailure.overloaded }
    do {
      let subject = try await store.authenticate(name: name, password: password)
      if subject != nil { giveBack(name) }
      return subject
    } catch {
      giveBack(name)
      throw error
    }
  }

  func subject(id: String) async throws -> Subject? {
    try await store.subject(id: id)
  }

  /// Takes one attempt before the answer is known, so that simultaneous guesses count too.
  private func take(_ name: String) -> Bool {
    let now = ContinuousClock.now
    return buckets.byName.withLock { buckets in
      var bucket = regained(buckets[name] ?? Bucket(left: failuresPerMinute, updated: now), by: now)
      guard bucket.left >= 1 else { return false }
      bucket.left -= 1
      if buckets[name] == nil && buckets.count >= LoginLimiter.namesMax { forget(&buckets, now) }
      buckets[name] = bucket
      return true
    }
  }

  private func giveBack(_ name: String) {
    buckets.byName.withLock { buckets in
      guard var bucket = buckets[name] else { return }
      bucket = regained(bucket, by: ContinuousClock.now)
      bucket.left = min(failuresPerMinute, bucket.left + 1)
      buckets[name] = bucket.left >= failuresPerMinute ? nil : bucket
    }
  }

  private func regained(_ bucket: Bucket, by now: ContinuousClock.Instant) -> Bucket {
    let minutes = (now - bucket.updated) / .seconds(60)
    return Bucket(left: min(failuresPerMinute, bucket.left + minutes * failuresPerMinute), updated: now)
  }

  private func forget(_ buckets: inout [String: Bucket], _ now: ContinuousClock.Instant) {
    buckets = buckets.filter { regained($0.value, by: now).left < failuresPerMinute }
    guard buckets.count >= LoginLimiter.namesMax else { return }
    let fullest = buckets.sorted { $0.value.left > $1.value.left }.prefix(LoginLimiter.namesMax / 3)
    for (name, _) in fullest { buckets[name] = nil }
  }
}
