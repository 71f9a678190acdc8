#if Postgres
import Synchronization
import TokenLedger

@testable import TokenAccounts

/// Records that several instances share, in memory: what a database does for accounts, with its faults.
final class RecordTable: AccountHome {
  private struct State {
    var records: [String: [String: AccountRecord]] = [:]
    var change: Int64 = 0
    var instances: [Instance] = []
    var failure: LedgerError?
    /// Another program is always first, at so many changes.
    var conflicts = 0
    var reads = 0
    /// Whether all instances hear of a change at once.
    var tellsAtOnce = true
  }

  static let place = "database orders on db1, schema refresh_ledger"
  private let state = Mutex(State())
  private let events = Mutex<[AccountFileEvent]>([])

  /// One instance's records of one kind, and what its feed has told it.
  final class Instance: AccountRecordStore {
    private let table: RecordTable
    fileprivate let kind: String
    private let heard = Mutex<(last: Int64, streams: [AsyncStream<Int64>.Continuation])>((0, []))

    fileprivate init(_ table: RecordTable, kind: String) {
      (self.table, self.kind) = (table, kind)
    }

    fileprivate func hear(_ change: Int64) {
      let streams = heard.withLock { heard in
        heard.last = change
        return heard.streams
      }
      for stream in streams { stream.yield(change) }
    }

    var place: String { RecordTable.place }
    var lastChange: Int64 { heard.withLock { $0.last } }
    var changes: AsyncStream<Int64> {
      let (stream, continuation) = AsyncStream<Int64>.makeStream(bufferingPolicy: .bufferingNewest(1))
      heard.withLock { $0.streams.append(continuation) }
      return stream
    }

    func records(after change: Int64) async throws(LedgerError) -> (records: [AccountRecord], count: Int) {
      try table.asked { state in
        state.reads += 1
        let all = state.records[kind] ?? [:]
        return (all.values.filter { $0.change > change }, all.count)
      }
    }

    func record(_ name: String) async throws(LedgerError) -> AccountRecord? {
      try table.asked { $0.records[kind]?[name] }
    }

    func put(_ name: String, _ body: [UInt8], expecting change: Int64?) async throws(LedgerError) -> Bool {
      try table.write(kind, name, body, expecting: change)
    }

    func remove(_ name: String, expecting change: Int64) async throws(LedgerError) -> Bool {
      try table.write(kind, name, nil, expecting: change)
    }
  }

  func instance(_ kind: AccountKind) -> Instance {
    let instance = Instance(self, kind: kind.rawValue)
    let change = state.withLock { state in
      state.instances.append(instance)
      return state.change
    }
    instance.hear(change)
    return instance
  }

  private func asked<Answer>(_ answer: (inout State) -> Answer) throws(LedgerError) -> Answer {
    let outcome: Result<Answer, LedgerError> = state.withLock { state in
      if let failure = state.failure { .failure(failure) } else { .success(answer(&state)) }
    }
    return try outcome.get()
  }

  private func write(
    _ kind: String, _ name: String, _ body: [UInt8]?, expecting change: Int64?
  ) throws(LedgerError) -> Bool {
    let isDone = try asked { state in
      guard state.conflicts == 0 else {
        state.conflicts -= 1
        return false
      }
      guard state.records[kind]?[name]?.change == change else { return false }
      state.change += 1
      state.records[kind, default: [:]][name] = body.map { AccountRecord(name: name, body: $0, change: state.change) }
      return true
    }
    if isDone, state.withLock({ $0.tellsAtOnce }) { tell() }
    return isDone
  }
}

// MARK: - What a test does to it

extension RecordTable {
  /// Tells all instances of the newest change, or of one that comes so many after it.
  func tell(ahead: Int64 = 0) {
    let (instances, change) = state.withLock { state in
      state.change += ahead
      return (state.instances, state.change)
    }
    for instance in instances { instance.hear(change) }
  }

  /// From now on no instance hears of a change before `tell()`.
  func stopTelling() { state.withLock { $0.tellsAtOnce = false } }

  /// Writes a record as no program of ours does.
  func write(_ kind: AccountKind, _ name: String, _ text: String) {
    state.withLock { state in
      state.change += 1
      state.records[kind.rawValue, default: [:]][name] = AccountRecord(
        name: name, body: Array(text.utf8), change: state.change)
    }
    tell()
  }

  /// Removes a record, and tells nobody.
  func remove(_ kind: AccountKind, _ name: String) {
    state.withLock { $0.records[kind.rawValue]?[name] = nil }
  }

  /// Writes records named by their numbers, and tells nobody.
  func fill(_ kind: AccountKind, _ count: Int, _ body: (Int) -> String) {
    let records = (0..<count).map { number in
      ("\(number)", AccountRecord(name: "\(number)", body: Array(body(number).utf8), change: 1))
    }
    state.withLock { ($0.records[kind.rawValue], $0.change) = (Dictionary(uniqueKeysWithValues: records), 1) }
  }

  /// Holds none of the instances that were made.
  func forgetInstances() { state.withLock { $0.instances = [] } }

  func fail(_ failure: LedgerError?) { state.withLock { $0.failure = failure } }
  func conflict(at changes: Int) { state.withLock { $0.conflicts = changes } }
  var reads: Int { state.withLock { $0.reads } }

  func openUsers(pool: PasswordPool) async throws -> any SubjectDirectory { try await users(pool: pool) }
  func openClients() async throws -> any ClientDirectory {
    try await DatabaseClients(instance(.client)) { event in self.events.withLock { $0.append(event) } }
  }

  func users(pool: PasswordPool = PasswordPool()) async throws(AccountError) -> DatabaseSubjects {
    try await DatabaseSubjects(instance(.user), pool: pool, cost: AccountsFolder.cheap) { event in
      self.events.withLock { $0.append(event) }
    }
  }

  func settle() async {}

  func contents() -> String {
    state.withLock { state in
      state.records.values.flatMap(\.values).map { String(decoding: $0.body, as: UTF8.self) }.joined(separator: "\n")
    }
  }

  var told: [AccountFileEvent] { events.withLock { $0 } }
  func forget() { events.withLock { $0 = [] } }
}
#endif
