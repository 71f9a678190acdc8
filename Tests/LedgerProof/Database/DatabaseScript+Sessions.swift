#if Postgres
internal import TokenLedger
internal import TokenLedgerPostgres

/// The parts that are about sessions, one by one.
extension DatabaseScript {
  func openings() async {
    if let number = await open("opened") { await world.look(number, at: instance) }
    _ = await world.open([grant("opened"), grant("other", client: "app")], at: instance)
  }

  func imports() async {
    let batch = await world.imports([grant("imported"), grant("imported", client: "app")])
    for isRepeated in [false, true] {
      await world.bring(batch, isRepeated: isRepeated, at: instance)
    }
  }

  func rotations() async {
    let number = await open("rotated")
    await rotate(number)
    await rotate(number) {
      $0.graceMilliseconds = 60_000
      $0.narrowedScope = "read"
    }
    // The reply was lost.
    await rotate(number, behind: 1) {
      $0.graceMilliseconds = 60_000
      $0.narrowedScope = "read"
    }
    await rotate(number)
  }

  func reuse() async {
    let number = await open("reused")
    await rotate(number)
    await rotate(number)
    await rotate(number, behind: 1)
    await rotate(number, behind: 2) { $0.reuse = .revokeSession }
    await rotate(number)
  }

  func refusals() async {
    let number = await open("refused")
    await rotate(number) { $0.client = prefix + "stranger" }
    await rotate(number) { $0.token = TokenID(session: $0.token.session, generation: $0.token.generation + 5) }
    let outdated = await open("outdated", version: AccountVersion("1"))
    for revokes in [false, true] {
      await rotate(outdated) {
        $0.subjectVersion = AccountVersion("2")
        $0.revokesOutdated = revokes
      }
    }
    let short = await open("short", Self.shortLifetimes)
    await world.pass(milliseconds: 1500)
    await rotate(short)
    await rotate(short)
  }

  func terms() async {
    let number = await open("terms")
    await rotate(number) { request in
      request.terms = SessionTerms(lifetimes: Self.lifetimes)
    }
    let never = await open("never", rotation: .never)
    await rotate(never)
    await rotate(never)
  }

  func batches() async {
    guard let numbers = await world.open([grant("batch"), grant("batch", client: "app")], at: instance) else { return }
    var batch: [(number: Int, request: RotationRequest)] = []
    for number in numbers + numbers.prefix(1) {
      guard let request = await request(number) else { return }
      batch.append((number, request))
    }
    await world.rotate(batch, at: instance)
  }

  func revocations() async {
    guard let number = await open("revoked") else { return }
    await rotate(number)
    await world.revoke(number, at: instance)
    await world.revoke(number, at: instance)
    await rotate(number)
  }

  /// A verifier sees the newest access token; the feed writes that, and the grace window is over.
  func successors() async throws {
    guard let number = await open("seen") else { return }
    let rotated = await rotate(number) { $0.graceMilliseconds = 60_000 }
    guard case .rotated? = rotated else { return }
    let session = await world.newest[number]
    let question = await world.ask(
      number, .noteSuccessor(generation: session.generation, grace: 60_000))
    instance.ledger.register.noteUse(
      of: session.tokenID, issuedAt: session.refreshedAt.seconds, now: instance.ledger.now())
    await world.answer(question, .done)
    let seen = "select successor_seen from ledger.session where id = '\\x\(session.id.hexadecimal)'"
    try await world.wait("what a verifier saw is not written") { try await database.rows(seen) == [["true"]] }
    await rotate(number, behind: 1) { $0.graceMilliseconds = 60_000 }
  }
}

extension SessionID {
  /// As SQL has it.
  var hexadecimal: String {
    let high = String(high, radix: 16)
    let low = String(low, radix: 16)
    return String(repeating: "0", count: 16 - high.count) + high + String(repeating: "0", count: 8 - low.count) + low
  }
}
#endif
