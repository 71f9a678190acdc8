#if Postgres
import Testing
import TokenLedger

@testable import TokenAccounts

@Suite("Accounts in records that several instances share", .timeLimit(.minutes(10)))
struct AccountRecordsTests {
  private let table = RecordTable()
  private let hash: PasswordHash

  init() throws { hash = try PasswordHash.make(password: "correct horse", cost: AccountsFolder.cheap) }

  private var away: LedgerError { .unavailable("no answer from db1") }

  private func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(2)) }
  }

  @Test("What one instance changes, another sees once it has heard of a change, and not before")
  func otherInstance() async throws {
    let (here, there) = (try await table.users(), try await table.users())
    table.stopTelling()
    try await here.add(name: "ada", hash: hash, scopes: [])
    #expect(await here.subject(id: "ada") != nil)
    #expect(await there.subject(id: "ada") == nil)
    table.tell()
    #expect(await there.subject(id: "ada") != nil)
    #expect(try await there.authenticate(name: "ada", password: "correct horse") != nil)
  }

  @Test("The last look at a user sees what this instance has not heard of yet")
  func latest() async throws {
    let (here, there) = (try await table.users(), try await table.users())
    try await here.add(name: "ada", hash: hash, scopes: [])
    try await here.add(name: "bob", hash: hash, scopes: [])
    let before = try #require(await there.subject(id: "ada"))
    table.stopTelling()
    try await here.setPassword(name: "ada", "battery staple")
    try await here.remove(name: "bob")
    #expect(await there.subject(id: "ada") == before)
    let after = try await there.latestSubject(id: "ada")
    #expect(after != nil && after?.version != before.version)
    #expect(try await there.latestSubject(id: "bob") == nil)
  }

  @Test("The last look at a client sees what this instance has not heard of yet, and fails while the database is away")
  func latestClient() async throws {
    let (here, there) = (try await table.openClients(), try await table.openClients())
    try await here.add(Client(id: "web", isPublic: true), secret: nil)
    let before = try #require(try await there.client(id: "web"))
    table.stopTelling()
    try await here.remove(id: "web")
    #expect(try await there.latestClient(id: "web") == nil)
    try await here.add(Client(id: "web", isPublic: true), secret: nil)
    #expect(try await there.client(id: "web") == before)
    let after = try await there.latestClient(id: "web")
    #expect(after != nil && after?.version != before.version)
    #expect(try await there.latestClient(id: "no \u{7}client") == nil)
    table.fail(away)
    await #expect(throws: StoreError.self) { try await there.latestClient(id: "web") }
  }

  @Test("While the database is away look-ups go on, changes say so, and what was missed is read by itself")
  func away() async throws {
    let users = try await table.users()
    try await users.add(name: "ada", hash: hash, scopes: [])
    table.forget()
    table.fail(away)
    // It heard of something that it cannot read: nobody waits for that again and again.
    table.tell(ahead: 1)
    for _ in 0..<3 {
      #expect(try await users.authenticate(name: "ada", password: "correct horse") != nil)
      #expect(await users.subject(id: "ada")?.isEnabled == true)
    }
    let failure = await changeFailure { () throws(AccountError) in try await users.setEnabled(name: "ada", false) }
    #expect(failure == .database(away, path: RecordTable.place))
    #expect(
      failure?.description == "database orders on db1, schema refresh_ledger: no answer from db1: nothing was changed, "
        + "try again when the database answers")
    await #expect(throws: StoreError.unreadable(failure?.description ?? "")) {
      try await users.latestSubject(id: "ada")
    }
    #expect(await changeFailure(users.reload) == failure)
    #expect(table.told == [.refused(.database(away, path: RecordTable.place))])
    table.remove(.user, "ada")
    table.fail(nil)
    try await eventually { await users.subject(id: "ada") == nil }
    #expect(table.told.dropFirst() == [.reloaded(path: RecordTable.place, entries: 0), .ended(.user, names: ["ada"])])
  }

  @Test("An outcome that nobody knows is told as one")
  func unknown() async throws {
    let users = try await table.users()
    table.fail(.outcomeUnknown("the connection to db1 broke"))
    let failure = await changeFailure { () throws(AccountError) in try await users.remove(name: "ada") }
    #expect(
      failure?.description.hasSuffix("the account may have been changed: list the accounts and try again") == true)
    table.fail(.overloaded)
    await #expect(throws: StoreError.overloaded) { try await users.latestSubject(id: "ada") }
  }

  @Test("Once the ledger is closed look-ups go on and nothing is waited for")
  func closed() async throws {
    let users = try await table.users()
    try await users.add(name: "ada", hash: hash, scopes: [])
    table.fail(.closed("the ledger is closed"))
    table.tell(ahead: 1)
    #expect(await users.subject(id: "ada") != nil)
    let closed = AccountError.database(.closed("the ledger is closed"), path: RecordTable.place)
    for _ in 0..<2 { #expect(await changeFailure(users.reload) == closed) }
    #expect(await users.subject(id: "ada") != nil)
  }

  @Test("A store is not opened while the database is away")
  func openedAway() async {
    table.fail(away)
    let failure = await changeFailure { () throws(AccountError) in _ = try await table.users() }
    #expect(failure == .database(away, path: RecordTable.place))
  }

  @Test("A change while others change the same account is tried again, then refused")
  func conflicts() async throws {
    let users = try await table.users()
    try await users.add(name: "ada", hash: hash, scopes: [])
    table.conflict(at: 3)
    try await users.setEnabled(name: "ada", false)
    #expect(await users.subject(id: "ada")?.isEnabled == false)
    table.conflict(at: 1000)
    let failure = await changeFailure { () throws(AccountError) in try await users.remove(name: "ada") }
    #expect(failure == .contended(.user, name: "ada"))
    #expect(
      failure?.description
        == "other programs change user \"ada\" at the same time: try again when they have ended")
    #expect(try await users.list().count == 1)
  }

  @Test("Of programs that add one name at once, one does")
  func concurrentAdds() async throws {
    let name = "ada"
    let outcomes = try await withThrowingTaskGroup(of: AccountError?.self) { group in
      for _ in 0..<8 {
        let users = try await table.users()
        group.addTask {
          await changeFailure { () throws(AccountError) in try await users.add(name: name, hash: hash, scopes: []) }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.count { $0 == nil } == 1)
    #expect(outcomes.count { $0 == .exists(.user, name: name) } == 7)
  }

  @Test(
    "A record that is no account leaves what was read in force, is told once, and can be removed",
    arguments: [
      ("{\"name\":\"bob\",\"passwordHash\":\"HASH\",\"enabeld\":false}", "unknown member \"enabeld\""),
      ("{\"name\":\"bob\",\"passwordHash\":\"HASH\",\"name\":\"bob\"}", "line 1 names the member \"name\" twice"),
      ("{\"name\":\"eve\",\"passwordHash\":\"HASH\"}", "has another name inside, \"eve\""),
      ("{\"name\":\"bob\"}", "no member \"passwordHash\""), ("", "line 1 is not"),
      ("[]", "line 1 is not a JSON object"),
      ("{\"name\":\"bob\",\"passwordHash\":\"hunter2\"}", "member passwordHash: is of an unknown scheme"),
    ])
  func badRecord(text: String, what: String) async throws {
    let users = try await table.users()
    try await users.add(name: "ada", hash: hash, scopes: [])
    table.forget()
    table.write(.user, "bob", text.replacing("HASH", with: hash.text))
    for _ in 0..<3 { #expect(await users.subject(id: "ada") != nil) }
    let failure = await changeFailure { () throws(AccountError) in try await users.reload() }
    let begin = "\(RecordTable.place): user \"bob\", "
    #expect(failure?.description.hasPrefix(begin + what) == true, "\(failure?.description ?? "none")")
    #expect(table.told == failure.map { [.refused($0)] })
    #expect(await changeFailure { () throws(AccountError) in _ = try await table.users() } == failure)
    try await users.remove(name: "bob")
    #expect(try await users.list().map(\.id) == ["ada"])
  }

  @Test("A change of another kind of account, or of a key, tells nobody")
  func otherKind() async throws {
    let users = try await table.users()
    try await users.add(name: "ada", hash: hash, scopes: [])
    table.forget()
    table.write(.client, "app", "{\"id\":\"app\",\"public\":true}")
    try await users.reload()
    await users.follow()
    #expect(table.told.isEmpty)
    #expect(await users.subject(id: "app") == nil)
  }

  @Test("Many look-ups that wait for one change cost few reads")
  func sharedReads() async throws {
    let (users, others) = (try await table.users(), try await table.users())
    table.stopTelling()
    try await others.add(name: "ada", hash: hash, scopes: [])
    let before = table.reads
    table.tell()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<100 { group.addTask { #expect(await users.subject(id: "ada") != nil) } }
    }
    #expect(table.reads - before <= 8)
  }

  @Test("100,000 users are the most")
  func entriesMax() async throws {
    table.fill(.user, 100_000) { "{\"name\":\"\($0)\",\"passwordHash\":\"\(hash.text)\"}" }
    let users = try await table.users()
    let failure = await changeFailure { () throws(AccountError) in
      try await users.add(name: "one more", hash: hash, scopes: [])
    }
    #expect(failure == .full(.user, path: RecordTable.place))
    try await users.setEnabled(name: "7", false)
    try await users.remove(name: "8")
    try await users.add(name: "one more", hash: hash, scopes: [])
  }

  @Test("A store that nobody holds any more lets go of its records")
  func letsGo() async throws {
    weak var records: RecordTable.Instance?
    do {
      let instance = table.instance(.user)
      records = instance
      let users = try await DatabaseSubjects(
        instance, pool: PasswordPool(), cost: AccountsFolder.cheap, observer: { _ in })
      #expect(await users.subject(id: "ada") == nil)
      table.forgetInstances()
    }
    try await eventually { records == nil }
  }
}
#endif
