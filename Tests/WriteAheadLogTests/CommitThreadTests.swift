import Foundation
import Testing
import WriteAheadLog

@Suite("The thread of its own")
struct CommitThreadTests {
  private actor Worker {
    nonisolated let executor: CommitThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private(set) var seen: [Int] = []

    init(_ executor: CommitThread) {
      self.executor = executor
    }

    func add(_ number: Int) { seen.append(number) }
    func threadName() -> ObjectIdentifier { ObjectIdentifier(Thread.current) }
  }

  @Test("Jobs of many tasks run one at a time and none is lost")
  func manyTasks() async throws {
    let worker = Worker(try CommitThread())
    await withTaskGroup { group in
      for number in 0..<2000 { group.addTask { await worker.add(number) } }
    }
    #expect(await worker.seen.sorted() == Array(0..<2000))
  }

  @Test("All jobs run on the same thread")
  func sameThread() async throws {
    let worker = Worker(try CommitThread())
    let first = await worker.threadName()
    for _ in 0..<100 {
      #expect(await worker.threadName() == first)
      await Task.yield()
    }
  }

  @Test("The executor is released with the last who uses it")
  func released() async throws {
    weak var released: CommitThread?
    do {
      let worker = Worker(try CommitThread())
      released = worker.executor
      await worker.add(1)
    }
    // The last job's hold on it ends on the thread itself.
    for _ in 0..<1_000_000 where released != nil { await Task.yield() }
    #expect(released == nil)
  }
}
