#if Postgres
internal import Dispatch
internal import Platform
internal import Synchronization
internal import TokenEngine

/// One record of an account, as a database keeps it.
struct AccountRecord: Sendable {
  var name: String
  var body: [UInt8]
  /// The number of the change that wrote it, which grows with each change of any record.
  var change: Int64
}

/// The records of one kind that all instances on a database share. Every call waits for the database and blocks no thread of Swift's pool.
protocol AccountRecordStore: Sendable {
  /// The database and its schema, without a password.
  var place: String { get }
  /// The number of the newest change of any record, of other kinds too, that this instance has heard of: at most 100 ms late while it is
  /// connected. Costs a lock.
  var lastChange: Int64 { get }
  /// Yields after ``lastChange`` has grown, from now on. Ends when the ledger closes.
  var changes: AsyncStream<Int64> { get }

  /// All records, in the order of their names.
  func all() async throws(LedgerError) -> [AccountRecord]
  func record(_ name: String) async throws(LedgerError) -> AccountRecord?
  /// Puts a record in the place of the one that `expecting` wrote, nil for none; false if another stands there by now.
  func put(_ name: String, _ body: [UInt8], expecting change: Int64?) async throws(LedgerError) -> Bool
  /// Removes the record that `expecting` wrote; false if another stands there by now, or none.
  func remove(_ name: String, expecting change: Int64) async throws(LedgerError) -> Bool
}

/// The accounts of one kind in a database, as ``AccountFile`` is in a file: look-ups see what another instance wrote once the feed has told of it,
/// within 100 ms while the database answers, and while it does not, what was read before stays in force.
///
/// Look-ups cost two locks. One that comes when a change is known and not read yet waits until it is. A task of its own reads, one time after the
/// other; it ends with this object, or when the ledger closes.
final class AccountRecords<Entry: AccountEntry>: AccountSource {
  typealias Document = AccountDocument<Entry>

  private struct Waiter {
    /// Not content with a read that has begun before.
    var wantsNewest: Bool
    var continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var document = Document()
    /// The number of the change that wrote each entry's record.
    var changes: [String: Int64] = [:]
    /// Every change up to this one was read, and is in force unless `failure` says why not.
    var covered = Int64.min
    var failure: AccountError?
    /// Whether the database did not answer, so that a look-up does not wait for it.
    var isAway = false
    var hasEnded = false
    var waiters: [Waiter] = []
  }

  private let store: any AccountRecordStore
  private let observer: @Sendable (AccountFileEvent) -> Void
  private let state = Mutex(State())
  /// Wakes the task that reads.
  private let wake: AsyncStream<Void>.Continuation
  private let tasks = Mutex<[Task<Void, Never>]>([])
  /// Parses: thousands of entries keep a thread busy for a while.
  private let queue = DispatchQueue(label: "refresh-ledger.account-records")

  /// Between two reads of a database that does not answer.
  private static var retryInterval: Duration { .milliseconds(250) }
  /// Of one change, while others change the same account.
  private static var triesMax: Int { 8 }

  /// Reads all records once. `observer` is called on a queue of this object and must not call back.
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

  /// The document in force. Waits if a newer one is known and the database answers.
  func current() async -> Document {
    let newest = store.lastChange
    let document: Document? = state.withLock { state in
      if newest <= state.covered || state.isAway || state.hasEnded { state.document } else { nil }
    }
    if let document { return document }
    await wait(wantsNewest: false)
    return state.withLock { $0.document }
  }

  /// Reads all records again and throws if their newest version is not in force.
  func reload() async throws(AccountError) -> Document {
    await wait(wantsNewest: true)
    let (document, failure) = state.withLock { ($0.document, $0.failure) }
    if let failure { throw failure }
    return document
  }

  /// The entry of a name as the database has it now, in no spelling but NFC; nil for none.
  func latest(_ name: String) async throws(AccountError) -> Entry? {
    guard let record = try await asking({ () throws(LedgerError) in try await self.store.record(name) }) else {
      return nil
    }
    return try entry(of: record)
  }

  /// Makes the change unless somebody else changes the account meanwhile, and returns when it is durable and in force here. Other instances see it
  /// within 100 ms.
  func make(_ change: AccountChange<Entry>) async throws(AccountError) {
    for _ in 0..<Self.triesMax where try await attempt(change) {
      // What was made is made, also if it cannot be read right now.
      return _ = try? await reload()
    }
    throw .contended(Entry.kind, name: change.name)
  }

  /// False if another record stands in the place of the one that was read.
  private func attempt(_ change: AccountChange<Entry>) async throws(AccountError) -> Bool {
    let name = change.name
    let found = try await asking { () throws(LedgerError) in try await self.store.record(name) }
    // Also a record that is refused can be removed.
    if let found, change.isRemoval {
      return try await asking { () throws(LedgerError) in
        try await self.store.remove(name, expecting: found.change)
      }
    }
    let entry: Entry? = if let found { try self.entry(of: found) } else { nil }
    let count = state.withLock { $0.document.entries.count }
    guard let new = try change.result(of: entry, count: count, path: place) else { return true }
    let body = try Document.json(of: new, path: place)
    return try await asking { () throws(LedgerError) in
      try await self.store.put(name, body, expecting: found?.change)
    }
  }

  private func entry(of record: AccountRecord) throws(AccountError) -> Entry {
    try Document.entry(json: record.body, name: record.name, path: place)
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

  /// Reads if somebody waits for it or something has changed; false where there is nothing more to read, ever.
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
    // Before the records: what is committed later is told later.
    let newest = store.lastChange
    do {
      let records = try await store.all()
      await onQueue { self.take(records, covering: newest, tells: tells) }
    } catch {
      await onQueue { self.keepDocument(because: error, tells: tells) }
    }
  }

  private func onQueue(_ work: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
      queue.async {
        work()
        continuation.resume()
      }
    }
  }

  /// Puts records in force, or notes why they are refused. An entry whose record is the one that was read before is not parsed again.
  private func take(_ records: [AccountRecord], covering change: Int64, tells: Bool) {
    let (before, changes) = state.withLock { ($0.document, $0.changes) }
    var events: [AccountFileEvent] = []
    do throws(AccountError) {
      var entries: [Entry] = []
      entries.reserveCapacity(records.count)
      var isSame = records.count == before.entries.count
      for record in records {
        if changes[record.name] == record.change, let entry = before[record.name] {
          entries.append(entry)
        } else {
          entries.append(try entry(of: record))
          isSame = false
        }
      }
      let document = isSame ? before : Document(entries)
      if !isSame { events = before.events(replacedBy: document, path: place) }
      let numbers = Dictionary(records.map { ($0.name, $0.change) }) { _, newer in newer }
      state.withLock { state in
        (state.document, state.changes, state.covered) = (document, numbers, max(change, state.covered))
        (state.failure, state.isAway) = (nil, false)
      }
    } catch {
      let isNews = state.withLock { state in
        defer { (state.failure, state.isAway, state.covered) = (error, false, max(change, state.covered)) }
        return state.failure != error
      }
      if isNews { events = [.refused(error)] }
    }
    if tells { for event in events { observer(event) } }
  }

  /// Told once for as long as the database does not answer.
  private func keepDocument(because error: LedgerError, tells: Bool) {
    let failure = AccountError.database(error, path: place)
    let isNews = state.withLock { state in
      defer { (state.failure, state.isAway) = (failure, true) }
      if case .closed = error { state.hasEnded = true }
      return !state.isAway && !state.hasEnded
    }
    if tells, isNews { observer(.refused(failure)) }
  }
}
#endif
