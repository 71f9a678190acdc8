internal import Synchronization

/// The revocations that a register has learnt, in the order in which it learnt them, for those who follow them from
/// other processes.
///
/// The journal keeps the last ``keptMax``, and nothing before somebody follows it for the first time. Whoever has
/// fallen further behind takes everything that is in force anew. A journal can be used from any thread, and never
/// waits.
package final class RevocationJournal: Sendable {
  /// The number of revocations that are kept for those who are behind, about 200 bytes each.
  package static let keptMax = 16_384

  private struct State {
    /// The name of the journal, which tells its positions from those of any other; nil until somebody follows it.
    var name: String?
    /// The last revocations; the array grows to twice ``keptMax`` before the older half is dropped.
    var kept: [Revocation] = []
    /// The position before that of the first one kept.
    var start: UInt64 = 0
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter: UInt64 = 0

    var end: UInt64 { start + UInt64(kept.count) }
  }

  private let isFollowed = Atomic<Bool>(false)
  private let state = Mutex(State())

  package init() {}

  /// The place of a follower: all revocations up to it are known to it.
  package struct Cursor: Sendable, Hashable {
    /// The most bytes of ``text``.
    package static let textBytesMax = 64

    package var journal: String
    package var position: UInt64

    package init(journal: String, position: UInt64) {
      self.journal = journal
      self.position = position
    }

    /// The cursor as text for a query or an event: printable ASCII.
    package var text: String { "\(journal).\(position)" }

    /// Creates a cursor from its text, or returns nil for a text that no cursor has.
    package init?(text: String) {
      let parts = text.split(separator: ".", omittingEmptySubsequences: false)
      guard text.utf8.count <= Self.textBytesMax, parts.count == 2, SessionID(text: String(parts[0])) != nil,
        let position = UInt64(parts[1]), String(position) == parts[1]
      else { return nil }
      self.init(journal: String(parts[0]), position: position)
    }
  }

  /// The revocations after a cursor.
  package enum Reading: Sendable {
    /// The next ones, none if nothing is new, with the cursor after them.
    case news([Revocation], Cursor)
    /// The cursor is of another journal, or some after it are no longer kept.
    case lost
  }

  /// Begins to keep revocations, if nobody has followed before, and returns the cursor of this moment.
  package func follow() -> Cursor {
    isFollowed.store(true, ordering: .releasing)
    return state.withLock { state in
      let name: String
      if let known = state.name {
        name = known
      } else {
        var random = SystemRandomNumberGenerator()
        name = SessionID(from: &random).text
        state.name = name
      }
      return Cursor(journal: name, position: state.end)
    }
  }

  /// Adds what a register has learnt, at the cost of one atomic load while nobody follows.
  package func append(_ revocations: some Collection<Revocation>) {
    guard isFollowed.load(ordering: .acquiring), !revocations.isEmpty else { return }
    let waiters = state.withLock { state in
      guard state.name != nil else { return [CheckedContinuation<Void, Never>]() }
      state.kept.append(contentsOf: revocations)
      if state.kept.count > 2 * Self.keptMax {
        let surplus = state.kept.count - Self.keptMax
        state.kept.removeFirst(surplus)
        state.start += UInt64(surplus)
      }
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns at most `most` revocations after a cursor.
  package func read(after cursor: Cursor, most: Int) -> Reading {
    state.withLock { state in
      guard cursor.journal == state.name, (state.start...state.end).contains(cursor.position) else { return .lost }
      // Of what is behind the window nothing is told, although the array may still have it: the bound is one number.
      guard state.end - cursor.position <= UInt64(Self.keptMax) else { return .lost }
      let news = state.kept[Int(cursor.position - state.start)...].prefix(most)
      return .news(Array(news), Cursor(journal: cursor.journal, position: cursor.position + UInt64(news.count)))
    }
  }

  /// Returns once something is new after the cursor, the cursor is lost, or the task is cancelled.
  package func waitForNews(after cursor: Cursor) async {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if Task.isCancelled || cursor.journal != state.name || state.end != cursor.position { return true }
          state.waiters[id] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
  }
}

/// A register whose revocations can be followed from other processes.
package protocol FollowedRegister: AccessRegister {
  /// The journal of what the register learns from now on.
  var journal: RevocationJournal { get }

  /// Returns everything that is in force at `now`, the ledger's time, and the cursor after it.
  func listing(at now: Timestamp) -> (revocations: [Revocation], cursor: RevocationJournal.Cursor)
}
