import Dispatch
import Testing

@testable import TokenAccounts

@Suite("A log-in, wherever users are kept")
struct LoginWorkTests {
  /// Work that keeps a pool's worker until it is released.
  private final class Blocker: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let began = AsyncStream<Void>.makeStream()

    func block() {
      began.continuation.yield()
      semaphore.wait()
    }

    func waitUntilBegun() async {
      for await _ in began.stream { return }
    }

    func release() { semaphore.signal() }
  }

  /// The user ada, in a store whose pool is this one.
  private func store(
    in home: any AccountHome, pool: PasswordPool
  ) async throws -> (others: any SubjectDirectory, users: any SubjectDirectory) {
    let others = try await home.openUsers()
    try await others.add(name: "ada", password: "correct horse", scopes: [])
    return (others, try await home.openUsers(pool: pool))
  }

  @Test(
    "A full pool is overload, not a wrong password", .timeLimit(.minutes(10)), arguments: AccountPlace.allCases)
  func overload(place: AccountPlace) async throws {
    let pool = PasswordPool(workers: 1, waitingMax: 0)
    let users = try await store(in: place.empty(), pool: pool).users
    let blocker = Blocker()
    async let blocked: Void = pool.run { blocker.block() }
    await blocker.waitUntilBegun()
    for name in ["ada", "eve"] {
      await #expect(throws: StoreError.overloaded) {
        try await users.authenticate(name: name, password: "correct horse")
      }
    }
    blocker.release()
    try await blocked
  }

  @Test(
    "What changes while a password is verified counts", .timeLimit(.minutes(10)), arguments: AccountPlace.allCases,
    [true, false])
  func changedMeanwhile(place: AccountPlace, isDisabled: Bool) async throws {
    let home = try await place.empty()
    let pool = PasswordPool(workers: 1)
    let (others, users) = try await store(in: home, pool: pool)
    let blocker = Blocker()
    async let blocked: Void = pool.run { blocker.block() }
    await blocker.waitUntilBegun()
    async let subject = users.authenticate(name: "ada", password: "correct horse")
    while pool.waitingCount == 0 { await Task.yield() }
    if isDisabled {
      try await others.setEnabled(name: "ada", false)
    } else {
      try await others.setPassword(name: "ada", "battery staple")
    }
    await home.settle()
    blocker.release()
    try await blocked
    let found = try await subject
    #expect(found?.isEnabled == (isDisabled ? false : nil))
  }
}
