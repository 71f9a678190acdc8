#if Postgres
internal import Dispatch
internal import Platform
internal import Synchronization
internal import TokenEngine

/// The accounts of one kind in a database, as ``AccountFile`` has them in a file.
///
/// Look-ups see what another instance wrote once the feed has reported it, within 100 ms while the database answers.
/// While it does not answer, the former accounts stay in force.
///
/// A look-up costs two locks. If a change is known and not read yet, the look-up waits until it is. A task of its own
/// makes one reading after another; it ends with this object, or when the ledger closes.
final class AccountRecords<Entry: AccountEntry>: AccountSource {
  typealias Document = AccountDocument<Entry>

  private struct Waiter {
    /// True if a reading that began earlier is not sufficient.
    var wantsNewest: Bool
    var continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var accounts = RecordedAccounts<Entry>()
    /// The number of the change up to which all accounts were read.
    ///
    /// They are in force unless `failure` gives a reason why not.
    var covered = Int64.min
    var failure: AccountError?
    /// True if the database did not answer, so that a look-up does not wait for it.
    var isAway = false
    var hasEnded = false
    var waiters: [Waiter] = []
  }

  private let store: any AccountRecordStore
  private let observer: @Sendable (AccountFileEvent) -> Void
  private let state = Mutex(State())
  /// A stream that wakes the reading task.
  private let wake: AsyncStream<Void>.Continuation
  private let tasks = Mutex<[Task<Void, Never>]>([])
  /// The queue for parsing, since thousands of entries keep a thread busy for a while.
  private let queue = DispatchQueue(label: "refresh-ledger.account-records")

  /// The time between two readings of a database that does not answer.
  private static var retryInterval: Duration { .milliseconds(250) }
  /// The most attempts of one change while others change the same account.
  private static var triesMax: Int { 8 }

  /// Reads all records once.
  ///
  /// `observer` is called on a queue of this object and must not call back.
  init(
    _ store: any AccountRecordStore, observer: @escaping @Sendable (AccountFileEvent) -> Void
  ) async throws(AccountError) {
    self.store = store
    self.observer = observer
    let (wakes, wake) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    self.wake = wake
    let changes = store.changes
    await read(tells: false)
    if let failure = state.withLock({ $0.failure }) { throw failure }
    tasks.withLock { tasks in
      tasks = [
        Task { for await _ in changes { wake.yield() } },
        Task { [weak self] in
          for await _ in wakes { guard await self?.readForWaiters() == true else { return } }
        },
      ]
    }
  }

  deinit {
    wake.finish()
    for task in tasks.withLock({ $0 }) { task.cancel() }
  }

  /// The database and its schema, without a password.
  var place: String { store.place }

  /// Returns the document in force.
  ///
  /// The call waits if a newer one is known and the database answers.
  func current() async -> Document {
    let newest = store.lastChange
    let document: Document? = state.withLock { state in
      if newest <= state.covered || state.isAway || state.hasEnded { state.accounts.document } else { nil }
    }
    if let document { return document }
    await wait(wantsNewest: false)
    return state.withLock { $0.accounts.document }
  }

  /// Reads all records again and throws if their newest version is not in force.
  func reload() async throws(AccountError) -> Document {
    await wait(wantsNewest: true)
    let (document, failure) = state.withLock { ($0.accounts.document, $0.failure) }
    if let failure { throw failure }
    return document
  }

  /// Returns the current entry of a name, in no spelling but NFC, from the database, or nil if there is none.
  func latest(_ name: String) async throws(AccountError) -> Entry? {
    guard let record = try await asking({ () throws(LedgerError) in try await self.store.record(name) }) else {
      return nil
    }
    return try RecordedAccounts.entry(of: record, path: place)
  }

  /// Makes the change unless somebody else changes the account meanwhile.
  ///
  /// The call returns when the change is durable and in force here; other instances see it within 100 ms.
  func make(_ change: AccountChange<Entry>) async throws(AccountError) {
    for _ in 0..<Self.triesMax where try await attempt(change) {
      // The change was made, even if it cannot be read right now.
      return _ = try? await reload()
    }
    throw .contended(Entry.kind, name: change.name)
  }

  /// Attempts the change.
  ///
  /// Returns false if the record that was read has been replaced.
  private func attempt(_ change: AccountChange<Entry>) async throws(AccountError) -> Bool {
    let name = change.name
    let found = try await asking { () throws(LedgerError) in try await self.store.record(name) }
    // Even a record that is refused can be removed.
    if let found, change.isRemoval {
      return try await asking { () throws(LedgerError) in
        try await self.store.remove(name, expecting: found.change)
      }
    }
    let entry: Entry? = if let found { try RecordedAccounts.entry(of: found, path: place) } else { nil }
    let count = state.withLock { $0.accounts.document.entries.count }
    guard let new = try change.result(of: entry, count: count, path: place) else { return true }
    let body = try Document.json(of: new, path: place)
    return try await asking { () throws(LedgerError) in
      try await self.store.put(name, body, expecting: found?.change)
    }
  }

  private func asking<Answer>(_ ask: () async throws(LedgerError) -> Answer) async throws(AccountError) -> Answer {
    do { return try await ask() } catch { throw .database(error, path: place) }
  }
}

// MARK: - Reading

extension AccountRecords {
  private func wait(wantsNewest: Bool) async {
    await withCheckedContinuation { continuation in
      let hasEnded = state.withLock { state in
        if !state.hasEnded { state.waiters.append(Waiter(wantsNewest: wantsNewest, continuation: continuation)) }
        return state.hasEnded
      }
      if hasEnded { continuation.resume() } else { wake.yield() }
    }
  }

  /// Reads if somebody waits for it or something has changed.
  ///
  /// Returns false if there will be nothing more to read.
  private func readForWaiters() async -> Bool {
    let newest = store.lastChange
    let (waiters, isDue) = state.withLock { state in
      let waiters = state.waiters
      state.waiters = []
      return (waiters, newest > state.covered || state.isAway || waiters.contains(where: \.wantsNewest))
    }
    if isDue { await read(tells: true) }
    for waiter in waiters { waiter.continuation.resume() }
    let (isAway, late) = state.withLock { state in
      defer { if state.hasEnded { state.waiters = [] } }
      return (state.isAway, state.hasEnded ? state.waiters : nil)
    }
    if let late {
      for waiter in late { waiter.continuation.resume() }
      return false
    }
    if isAway {
      try? await Task.sleep(for: Self.retryInterval)
      wake.yield()
    }
    return true
  }

  private func read(tells: Bool) async {
    // The number is read before the records, since a later commit is reported later.
    let newest = store.lastChange
    let before = state.withLock { $0.accounts }
    do throws(LedgerError) {
      let (changed, count) = try await store.records(after: before.newest)
      var names = changed.map(\.name)
      var read = await onQueue {
        Result { () throws(AccountError) in try before.replacing(changed, count: count, path: self.place) }
      }
      if case .success(nil) = read {
        let all = try await store.records(after: .min).records
        names = before.document.entries.map(\.name)
        read = await onQueue { Result { () throws(AccountError) in try before.replaced(by: all, path: self.place) } }
      }
      await onQueue { [read, names] in
        for event in self.take(read, over: before, names: names, covering: newest) where tells { self.observer(event) }
      }
    } catch {
      let isNews = keepAccounts(because: error)
      if tells, isNews { await onQueue { self.observer(.refused(.database(error, path: self.place))) } }
    }
  }

  private func onQueue<Answer: Sendable>(_ work: @escaping @Sendable () -> Answer) async -> Answer {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: work()) }
    }
  }

  /// Puts the result of a reading in force in place of `before`, if only these names differ, or notes why it is
  /// refused.
  ///
  /// Returns the events to report.
  private func take(
    _ read: Result<RecordedAccounts<Entry>?, AccountError>, over before: RecordedAccounts<Entry>, names: [String],
    covering change: Int64
  ) -> [AccountFileEvent] {
    do throws(AccountError) {
      let accounts = try read.get() ?? before
      state.withLock { state in
        state.accounts = accounts
        state.covered = max(change, accounts.newest, state.covered)
        (state.failure, state.isAway) = (nil, false)
      }
      return names.isEmpty ? [] : before.document.events(replacedBy: accounts.document, names: names, path: place)
    } catch {
      return state.withLock { state in
        defer { (state.failure, state.isAway, state.covered) = (error, false, max(change, state.covered)) }
        return state.failure == error ? [] : [.refused(error)]
      }
    }
  }

  /// Keeps the former accounts in force.
  ///
  /// Returns true if this is to be reported: once while the database does not answer, and not because the ledger
  /// closes.
  private func keepAccounts(because error: LedgerError) -> Bool {
    state.withLock { state in
      defer { (state.failure, state.isAway) = (.database(error, path: place), true) }
      if case .closed = error { state.hasEnded = true }
      return !state.isAway && !state.hasEnded
    }
  }
}
#endif
