import Dispatch
import Synchronization
import Testing

@testable import TokenAccounts

@Suite("The password pool", .timeLimit(.minutes(10)))
struct PasswordPoolTests {
  /// Work that says when it began and ends when it is let go.
  private final class Gate: Sendable {
    private let opened = DispatchSemaphore(value: 0)
    private let began = AsyncStream<Void>.makeStream()

    func pass() {
      began.continuation.yield()
      opened.wait()
    }

    func open(_ count: Int = 1) {
      for _ in 0..<count { opened.signal() }
    }

    func waitUntilBegun(_ count: Int = 1) async {
      var seen = 0
      for await _ in began.stream {
        seen += 1
        if seen == count { return }
      }
    }
  }

  /// How many are inside at once.
  private final class Tally: Sendable {
    private let counts = Mutex((running: 0, most: 0))

    var most: Int { counts.withLock { $0.most } }

    func visit() {
      counts.withLock { counts in
        counts.running += 1
        counts.most = max(counts.most, counts.running)
      }
      counts.withLock { $0.running -= 1 }
    }
  }

  @Test("Work over both bounds is refused at once and never runs")
  func overload() async throws {
    let pool = PasswordPool(workers: 1, waitingMax: 1)
    let gate = Gate()
    async let running: Void = pool.run { gate.pass() }
    await gate.waitUntilBegun()
    async let waiting = pool.run { 2 }
    while pool.waitingCount == 0 { await Task.yield() }

    let ran = Mutex(false)
    await #expect(throws: StoreError.overloaded) {
      try await pool.run { ran.withLock { $0 = true } }
    }
    gate.open()
    try await running
    #expect(try await waiting == 2, "what waited is still answered")
    #expect(ran.withLock { !$0 })
  }

  @Test("A pool that may not let anyone wait works again once it is free")
  func noWaiting() async throws {
    let pool = PasswordPool(workers: 1, waitingMax: 0)
    let gate = Gate()
    async let running: Void = pool.run { gate.pass() }
    await gate.waitUntilBegun()
    await #expect(throws: StoreError.overloaded) { try await pool.run {} }
    gate.open()
    try await running
    // The worker is free a moment after its last answer.
    var answer: Int?
    while answer == nil { answer = try? await pool.run { 1 } }
    #expect(answer == 1)
  }

  @Test("Blocked workers leave Swift's own threads free")
  func threadsOfItsOwn() async throws {
    let count = 2 * PasswordPool.coreCount + 2
    let pool = PasswordPool(workers: count, waitingMax: 0)
    let gate = Gate()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<count { group.addTask { try await pool.run { gate.pass() } } }
      await gate.waitUntilBegun(count)
      gate.open(count)
      try await group.waitForAll()
    }
  }

  /// Work that keeps its thread busy until it is let go.
  private final class Spin: Sendable {
    private let isOver = Atomic(false)
    private let begun = Atomic(0)

    func pass() {
      begun.add(1, ordering: .relaxed)
      while !isOver.load(ordering: .relaxed) {}
    }

    func end() { isOver.store(true, ordering: .relaxed) }
    var begunCount: Int { begun.load(ordering: .relaxed) }
  }

  @Test("Busy workers leave Swift's own threads free")
  func busyWorkers() async throws {
    let count = 2 * PasswordPool.coreCount + 2
    let pool = PasswordPool(workers: count, waitingMax: 0)
    let spin = Spin()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<count { group.addTask { try await pool.run { spin.pass() } } }
      while spin.begunCount < count { await Task.yield() }
      await Task.detached { spin.end() }.value
      try await group.waitForAll()
    }
  }

  @Test("Never more run at a time than there are workers")
  func bound() async throws {
    let pool = PasswordPool(workers: 3, waitingMax: 1000)
    let tally = Tally()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<500 {
        group.addTask { try await pool.run { tally.visit() } }
      }
      try await group.waitForAll()
    }
    #expect((1...3).contains(tally.most))
    #expect(pool.waitingCount == 0)
  }

  @Test("What the work throws reaches the caller")
  func failure() async {
    let pool = PasswordPool(workers: 1)
    await #expect(throws: StoreError.unreadable("x")) {
      try await pool.run { () throws(StoreError) in throw .unreadable("x") }
    }
  }

  @Test("A password is hashed and verified on a worker")
  func hashesAndVerifies() async throws {
    let pool = PasswordPool(workers: 1)
    let hash = try await pool.hash("correct horse", cost: AccountsFolder.cheap)
    #expect(try await pool.verify("correct horse", of: hash))
    #expect(try await !pool.verify("wrong horse", of: hash))
    #expect(try await !pool.verify("correct horse", of: PasswordHash.unmatchable(cost: AccountsFolder.cheap)))
    await #expect(throws: AccountError.invalid(field: "password", rule: "must have 8 to 1024 bytes")) {
      try await pool.hash("short", cost: AccountsFolder.cheap)
    }
  }

  @Test("A full pool refuses a hash as it refuses a verification")
  func fullPool() async throws {
    let pool = PasswordPool(workers: 1, waitingMax: 0)
    let hash = try PasswordHash.unmatchable()
    let (gate, open) = AsyncStream<Void>.makeStream()
    let blocked = DispatchSemaphore(value: 0)
    async let busy: Void = pool.run { () throws(StoreError) in
      open.yield()
      blocked.wait()
    }
    for await _ in gate { break }
    await #expect(throws: StoreError.overloaded) { try await pool.verify("x", of: hash) }
    await #expect(throws: AccountError.overloaded) { try await pool.hash("correct horse") }
    blocked.signal()
    try await busy
  }
}
