internal import FoundationEssentials

/// The meaning of the events of one stream of revocations.
///
/// A list that is not complete yet is kept apart.
struct RevocationReading {
  /// A change of what is known.
  enum Change {
    case revoked(Revocation, cursor: String?)
    /// Everything that is in force was told; it takes the place of all that was known.
    case listed(RevocationLists, cursor: String?)
    /// The server goes on where the follower was.
    case resumed(cursor: String?)
  }

  private let options: FollowerOptions
  private let decoder = JSONDecoder()
  /// The milliseconds by which this machine's clock can be behind the server's before a revocation is forgotten too
  /// early.
  private static let clockDifferenceMax: Int64 = 300_000
  private var list: RevocationLists?
  private var hasBegun = false

  init(options: FollowerOptions) {
    self.options = options
  }

  /// Returns the change that an event tells, or nil if it tells none yet.
  ///
  /// - Throws: ``RevocationFault`` if the stream cannot be read on.
  mutating func take(_ event: ServerSentEvent, at now: Timestamp) throws(RevocationFault) -> Change? {
    switch event.name {
    case "list":
      (list, hasBegun) = (RevocationLists(), true)
      return nil
    case "listed":
      guard let whole = list else { throw .malformed("a list ends that has not begun") }
      list = nil
      return .listed(whole, cursor: event.id)
    case "resumed":
      hasBegun = true
      return .resumed(cursor: event.id)
    case "revocation":
      guard hasBegun else { throw .malformed("a revocation comes before the stream has begun") }
      let revocation = try revocation(in: event, at: now)
      guard list != nil else { return .revoked(revocation, cursor: event.id) }
      list?.insert(revocation)
      guard list?.size ?? 0 <= options.entriesMax else { throw .tooMany }
      return nil
    case "end":
      throw .closed((try? decoder.decode(Ending.self, from: Data(event.data)))?.reason ?? "no reason")
    default: return nil
    }
  }

  private struct Ending: Decodable {
    var reason: String
  }

  private func revocation(in event: ServerSentEvent, at now: Timestamp) throws(RevocationFault) -> Revocation {
    var revocation: Revocation
    do { revocation = try decoder.decode(Revocation.self, from: Data(event.data)) } catch {
      throw .malformed("a revocation is not one that this version knows")
    }
    // Tokens that it concerns were issued before now, and live no longer than this.
    let longest = options.accessLifetimeMax.wholeMilliseconds + Self.clockDifferenceMax
    revocation.until = min(revocation.until, now.advanced(byMilliseconds: longest))
    return revocation
  }
}
