#if Postgres
/// A mark that tells the tries of one call from those of others.
///
/// A call whose answer was lost is tried again under the same id, and finds by it what it did. A retry never revokes:
/// the client can have presented its token elsewhere meanwhile and gone on.
package struct Attempt: Sendable, Hashable {
  /// Has 63 random bits, and never 0.
  package let id: Int64
  package let isRetry: Bool

  package init(id: Int64, isRetry: Bool) { (self.id, self.isRetry) = (id, isRetry) }

  package static func newID() -> Int64 { Int64.random(in: 1...(.max)) }
}
#endif
