internal import LedgerTesting
internal import TokenLedger
internal import WriteAheadLog

/// Between an opening and the first client: what was recovered, seen from inside and from outside.
extension SimulatedLife {
  func inspect() {
    world.time.isQuiet = true
    defer { world.time.isQuiet = false }
    start("look") { await self.look() }
    guard drive() == .done else { return }
    if world.random.next() % 4 == 0 { compareWithLog() }
    world.events = nil
    start("begin") {
      await self.startConsumer()
      guard let ledger = self.ledger, self.world.random.next() % 2 == 0 else { return }
      await self.openPastCap(ledger)
    }
    _ = drive()
  }

  /// Asks for every session that a client knows, and whether its access tokens are refused.
  private func look() async {
    guard let ledger else { return }
    let oracle = world.oracle
    var live: [SessionID: Session] = [:]
    for number in oracle.sessions.indices {
      let id = oracle.sessions[number].facts.opened.id
      let states = oracle.sessions[number].states
      let question = oracle.ask(.session(number), .look)
      guard let session = await answered(nil, { () async throws(LedgerError) in try await ledger.session(id) }) else {
        oracle.withdraw(question)
        return
      }
      world.trace.note("session \(number): \(session.map { "generation \($0.generation)" } ?? "none")")
      world.trace.mix(Int(session?.generation ?? .max))
      oracle.answer(question, .looked(session))
      live[id] = session
      checkAccess(number, states, isLive: session != nil, ledger)
      let refuses = ledger.revocations.contains(id)
      let mayBeForgotten = states.contains { state in
        state.usedFrom + Lifetimes.accessMillisecondsMax <= oracle.highestTime
      }
      if !refuses, !mayBeForgotten, states.allSatisfy({ $0.standing == .revoked }) {
        violate("access tokens of session \(number), which was revoked, are accepted after a restart")
      }
      if refuses, !states.contains(where: { $0.standing == .revoked }) {
        violate("access tokens of session \(number), which was not revoked, are refused after a restart")
      }
    }
    await listQuietly(live, ledger)
  }

  /// Whether access tokens of a session are refused just where they must be.
  private func checkAccess(_ number: Int, _ states: [SessionState], isLive: Bool, _ ledger: RefreshLedger) {
    let oracle = world.oracle
    let refuses = isRefused(world.newest[number], ledger)
    let isCovered = states.allSatisfy { state in
      state.coveredFrom.map { covered in
        covered + Lifetimes.accessMillisecondsMax > oracle.highestTime
          && world.newest[number].refreshedAt.milliseconds <= covered
      } ?? false
    }
    if !refuses, isCovered {
      violate("access tokens of session \(number), which a wide revocation ended, are accepted after a restart")
    }
    let isRevokedAlone = oracle.revokedAccess.contains { $0.session.tokenID == world.newest[number].tokenID }
    if refuses, isLive, !isRevokedAlone, states.allSatisfy({ $0.standing == .live }) {
      violate("access tokens of session \(number), which is live, are refused after a restart")
    }
    for revoked in oracle.revokedAccess where revoked.session.id == world.newest[number].id {
      if revoked.isAnswered, oracle.highestTime < revoked.end, !isRefused(revoked.session, ledger) {
        violate("an access token that was revoked is accepted after a restart", ["\(revoked)"])
      }
    }
  }

  /// What was recovered is the fold of the log, and recovering once more changes nothing.
  private func compareWithLog() {
    start("compare") {
      guard let ledger = self.ledger else { return }
      let recovered = await ledger.picture
      guard !self.isDead else { return }
      let copy = FakeStorage(seed: self.world.seed, files: self.world.storage.files)
      self.compareEvents(copy)
      self.compare(recovered, with: self.fold(copy), "the fold of its log")
      guard case .success(let again) = await self.openLedger(copy) else {
        if !self.isDead { self.violate("what was recovered does not open again") }
        return
      }
      self.compare(recovered, with: await again.ledger.picture, "what a second recovery finds")
      self.world.tally.add("recoveries compared with the fold of the log and a second recovery")
    }
    _ = drive()
  }

  private func fold(_ storage: FakeStorage) -> LedgerPicture? {
    var replay = LedgerReplay()
    let summary = try? LogReader.read(storage: storage) { (frame, payload) throws(RecordError) in
      try replay.apply(frame, payload)
    }
    return summary == nil ? nil : LedgerPicture(replay.state)
  }

  private func compare(_ recovered: LedgerPicture, with other: LedgerPicture?, _ what: String) {
    guard recovered != other, !isDead else { return }
    violate("what was recovered is not \(what)", ["\(recovered)", other.map { "\($0)" } ?? "nothing"])
  }
}
