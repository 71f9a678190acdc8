#if Postgres
/// A mark that tells the tries of one call from those of others.
///
/// A call whose answer was lost is tried again under the same id, and finds by it what it did. Neither a retry nor a
/// try that comes late revokes: the client can have presented its token elsewhere meanwhile and gone on.
package struct Attempt: Sendable, Hashable {
  /// Has 63 random bits, and never 0.
  package let id: Int64
  package let isRetry: Bool
  /// True if the call waited so long for this try, or can have waited to be read, that its client may have given it up.
  package let isLate: Bool

  package init(id: Int64, isRetry: Bool, isLate: Bool = false) {
    (self.id, self.isRetry, self.isLate) = (id, isRetry, isLate)
  }

  /// True if its findings can end a session that its client asked to go on.
  package var mayRevoke: Bool { !isRetry && !isLate }

  /// No client is taken to give a request up sooner.
  package static let patience = Duration.seconds(2)

  /// That of a later part of the same call.
  package func advanced(by parts: Int) -> Attempt {
    Attempt(id: id &+ Int64(parts), isRetry: isRetry, isLate: isLate)
  }

  package static func newID() -> Int64 { Int64.random(in: 1...(.max)) }
}
#endif
