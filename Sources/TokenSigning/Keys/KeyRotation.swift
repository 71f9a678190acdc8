internal import Platform

/// The life cycle of the keys of one file: next, current, retiring, removed.
///
/// The functions are pure: each takes the keys and returns those to write.
enum KeyRotation {
  /// Returns the keys after a rotation: the next key becomes current, the current one retiring, and `newNext` the next
  /// one.
  ///
  /// If no key is next, `makeCurrent` makes the one that becomes current.
  static func rotated(
    _ records: [KeyRecord], newNext: KeyRecord, nowMilliseconds: Int64, makeCurrent: () -> KeyRecord
  ) -> [KeyRecord] {
    let current = records.first { $0.state == .next } ?? makeCurrent()
    let retired = records.filter { $0.state == .current }.map { $0.retiring(at: nowMilliseconds) }
    return [newNext, current.asCurrent] + retired + records.filter { $0.state == .retiring }
  }

  /// The reason that shared keys cannot be rotated yet.
  struct Unpublished {
    /// The keys with a next key and the time of its publication.
    var records: [KeyRecord]
    /// True if the next key was not published so far; it is published once the records are written.
    var isNew: Bool
    var refusal: KeyChangeError
  }

  /// Returns the reason that the keys cannot be rotated yet, or nil if the next key has been published for long enough.
  static func unpublished(
    _ records: [KeyRecord], _ publication: KeyPublication, nowMilliseconds: Int64, path: String,
    makeNext: () -> KeyRecord
  ) -> Unpublished? {
    let since = records.first { $0.state == .next }?.publishedAt
    let known = published(records, nowMilliseconds: nowMilliseconds, makeNext: makeNext)
    let delay = publication.milliseconds(known[0].algorithm)
    let (until, overflow) = (since ?? nowMilliseconds).addingReportingOverflow(delay)
    guard overflow || until > nowMilliseconds else { return nil }
    return Unpublished(
      records: known, isNew: since == nil,
      refusal: .unpublished(path: path, id: known[0].id, untilMilliseconds: overflow ? .max - 999 : until))
  }

  /// Returns the keys in the form of shared ones: with a next key and the time of its publication.
  static func published(
    _ records: [KeyRecord], nowMilliseconds: Int64, makeNext: () -> KeyRecord
  ) -> [KeyRecord] {
    let next = records.first { $0.state == .next } ?? makeNext()
    let known = next.publishedAt == nil ? next.published(at: nowMilliseconds) : next
    return replacingNext(records, with: known)
  }

  /// Returns the keys with this one as the next key, in place of the one that was.
  static func replacingNext(_ records: [KeyRecord], with key: KeyRecord) -> [KeyRecord] {
    [key] + records.filter { $0.state != .next }
  }

  /// Returns the keys without this one.
  ///
  /// Unless `force` is true, the removal is refused while tokens that the key signed may be valid: for
  /// `tokenMilliseconds`, their longest lifetime, after the key became retiring, or always if that time is not known.
  static func retired(
    _ records: [KeyRecord], id: String, tokenMilliseconds: Int64, nowMilliseconds: Int64, force: Bool, path: String
  ) throws(KeyChangeError) -> [KeyRecord] {
    guard let key = records.first(where: { $0.id.hasSameBytes(as: id) }) else { throw .unknownKey(path: path, id: id) }
    guard key.state == .retiring else { throw .notRetiring(path: path, id: id, state: key.state) }
    if !force {
      guard let retiredAt = key.retiredAt else { throw .tokensAlive(path: path, id: id, untilMilliseconds: nil) }
      let (until, overflow) = retiredAt.addingReportingOverflow(tokenMilliseconds)
      guard !overflow, until <= nowMilliseconds else {
        throw .tokensAlive(path: path, id: id, untilMilliseconds: overflow ? .max - 999 : until)
      }
    }
    return records.filter { !$0.id.hasSameBytes(as: id) }
  }
}

/// The time for which a new key is published before it signs, so that every server and verifier has read it by then.
package struct KeyPublication: Sendable, Hashable {
  /// The longest time for which a verifier may cache the JWK Set.
  package static let keySetMaxAge = Duration.seconds(300)

  /// The longest time in which a server that hears of the key at once reads it.
  static let readingMin = Duration.seconds(1)

  /// The time without news after which a server knows that it is cut off.
  package var staleAfter: Duration

  package init(staleAfter: Duration) {
    self.staleAfter = staleAfter
  }

  /// Returns the publication delay in milliseconds.
  ///
  /// Verifiers do not fetch HS256 keys, so their delay is shorter.
  func milliseconds(_ algorithm: SignatureAlgorithm) -> Int64 {
    let known = max(staleAfter, Self.readingMin)
    let delay = algorithm == .hs256 ? known : known + Self.keySetMaxAge
    let (seconds, attoseconds) = delay.components
    return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
  }
}

/// The reason that keys were not changed.
///
/// The description is one line with the place, the cause and the fix. It never holds a key.
package enum KeyChangeError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The files cannot be read or written, or the new key is not usable.
  case files(KeyError)
  /// Another program is changing the keys.
  case locked(path: String)
  /// The file holds as many keys as it can.
  case full(path: String)
  /// No key of the file has this key id.
  case unknownKey(path: String, id: String)
  /// The key to retire still signs, or has never signed.
  case notRetiring(path: String, id: String, state: SigningKey.State)
  /// Tokens that the key signed may be valid until that time, in milliseconds since the epoch; nil if the file does not
  /// say when the key became retiring.
  case tokensAlive(path: String, id: String, untilMilliseconds: Int64?)
  /// The next key is known to all who share the keys only from that time on, in milliseconds since the epoch.
  case unpublished(path: String, id: String, untilMilliseconds: Int64)

  package var description: String {
    switch self {
    case .files(let failure): failure.description
    case .locked(let path): "\(path): another program is changing the keys; try again"
    case .full(let path): "\(path): holds \(KeyFile.keysMax) keys; retire those whose tokens have expired"
    case .unknownKey(let path, let id): "\(path): has no key \(ByteWriter.jsonText(id)); list the keys for their ids"
    case .notRetiring(let path, let id, let state):
      "\(path): key \(ByteWriter.jsonText(id)) is \(state.rawValue), not retiring; rotate the keys first"
    case .tokensAlive(let path, let id, let until):
      "\(path): tokens that key \(ByteWriter.jsonText(id)) signed may be in use \(Self.moment(until))"
    case .unpublished(let path, let id, let until):
      """
      \(path): the next key \(ByteWriter.jsonText(id)) is known to every server and verifier from \((until + 999) / 1000) (seconds since 1970) on; \
      rotate then, or force it, and its tokens are refused by whoever has not read it
      """
    }
  }

  /// Calls `body` and rethrows a `KeyError` as a `KeyChangeError`.
  package static func files<Result: ~Copyable>(
    _ body: () throws(KeyError) -> Result
  ) throws(KeyChangeError) -> Result {
    do { return try body() } catch { throw .files(error) }
  }

  private static func moment(_ until: Int64?) -> String {
    guard let until else {
      return "for as long as tokens last, as the file does not say since when; wait so long, then force it"
    }
    return "until \((until + 999) / 1000) (seconds since 1970); wait until then, or force it, and they are refused"
  }
}
