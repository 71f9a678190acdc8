/// Token buckets by key: each holds `capacity`, loses one an attempt and regains `capacity` a minute.
///
/// A bucket that has regained all is forgotten. Past `countMax` those that have lost less than the average are too, in one pass over all.
struct TokenBuckets<Key: Hashable & Sendable>: Sendable {
  private struct Bucket {
    var left: Double
    var updated: ContinuousClock.Instant
  }

  private let capacity: Double
  private let countMax: Int
  private var buckets: [Key: Bucket] = [:]

  /// `capacity` is 1 at least, `countMax` 3 at least.
  init(capacity: Int, countMax: Int) {
    precondition(capacity >= 1 && countMax >= 3, "buckets that hold nothing")
    self.capacity = Double(capacity)
    self.countMax = countMax
  }

  /// How long until the bucket has one to take; zero where it has.
  func wait(_ key: Key, at now: ContinuousClock.Instant) -> Duration {
    let left = left(in: key, at: now)
    return left >= 1 ? .zero : .seconds((1 - left) * 60 / capacity)
  }

  /// Takes one, though the bucket may have none.
  mutating func take(_ key: Key, at now: ContinuousClock.Instant) {
    let left = left(in: key, at: now)
    if buckets[key] == nil && buckets.count >= countMax { forget(at: now) }
    buckets[key] = Bucket(left: max(0, left - 1), updated: now)
  }

  mutating func giveBack(_ key: Key, at now: ContinuousClock.Instant) {
    guard buckets[key] != nil else { return }
    let left = left(in: key, at: now) + 1
    buckets[key] = left >= capacity ? nil : Bucket(left: left, updated: now)
  }

  private func left(in key: Key, at now: ContinuousClock.Instant) -> Double {
    guard let bucket = buckets[key] else { return capacity }
    return min(capacity, bucket.left + (now - bucket.updated) / .seconds(60) * capacity)
  }

  private mutating func forget(at now: ContinuousClock.Instant) {
    buckets = buckets.filter { left(in: $0.key, at: now) < capacity }
    guard buckets.count >= countMax else { return }
    let average = buckets.keys.reduce(0) { $0 + left(in: $1, at: now) } / Double(buckets.count)
    let emptiest = buckets.filter { left(in: $0.key, at: now) < average }
    // Where all have lost the same, it does not matter which go.
    buckets = emptiest.isEmpty ? Dictionary(uniqueKeysWithValues: buckets.dropFirst(countMax / 3).map { $0 }) : emptiest
  }
}
