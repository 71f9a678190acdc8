import LedgerTesting
import Testing

@testable import TokenLedger

/// What is to be the same before and after a restart, in an order of its own.
struct LedgerPicture: Equatable {
  var sessions: [String]
  var names: Int
  var profiles: Int
  var highestTime: Timestamp
  var marks: [String]
  var revokedTokens: [TokenID: Timestamp]
  var proofs: [UsedProofs.Entry]

  init(_ state: LedgerState) {
    sessions = (0..<UInt32(state.table.slotCount)).compactMap { slot in
      let entry = state.table[slot]
      guard entry.status != .free else { return nil }
      guard entry.isSession else { return "\(slot) \(entry) \(state.payloads[slot] ?? [])" }
      return "\(slot) \(entry.status) \(entry.hasSeenSuccessor) \(state.session(at: slot))"
    }
    names = state.names.count
    profiles = state.profiles.count
    highestTime = state.highestTime
    marks = state.marks.sorted().map { "\($0)" }
    revokedTokens = state.revokedTokens.filter { $0.value > state.highestTime }
    proofs = state.proofs.entries.live(after: state.highestTime)
  }
}

extension RefreshLedger {
  var picture: LedgerPicture { LedgerPicture(state) }
}

/// Random calls of a ledger, one after another; the seed decides all of them.
struct RandomHistory {
  var generator: SeededGenerator
  private var known: [TokenID] = []

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
  }

  private mutating func digest(of numbers: ClosedRange<UInt8>) -> Digest256? {
    Digest256(Array(repeating: UInt8.random(in: numbers, using: &generator), count: Digest256.byteCount))
  }

  /// One random call of the ledger; the tokens known so far grow with it.
  mutating func step(_ ledger: RefreshLedger, _ clock: ManualClock) async throws {
    let passed = Int64.random(in: -50...400, using: &generator)
    if passed < 0 { clock.step(milliseconds: passed) } else { clock.advance(milliseconds: passed) }
    let lifetimes = try #require(
      Lifetimes(
        idleMilliseconds: Int64.random(in: 1...60_000, using: &generator),
        absoluteMilliseconds: Int64.random(in: 1...90_000, using: &generator)))
    let subject = "user\(Int.random(in: 0..<20, using: &generator))"
    switch Int.random(in: 0..<14, using: &generator) {
    case 0, 1, 10, 11:
      var grant = SessionGrant(
        subject: subject, client: "web", scope: "read", lifetimes: lifetimes,
        rotation: [.always, .always, .never].randomElement(using: &generator) ?? .always,
        label: [nil, "telephone", subject].randomElement(using: &generator) ?? nil)
      grant.attributes = Array("tenant".utf8.prefix(Int.random(in: 0...6, using: &generator)))
      if Bool.random(using: &generator) { grant.keys.lifelong = digest(of: 1...2) }
      let session = try await ledger.open(grant)
      known.append(session.refreshTokenID)
    case 12:
      guard let token = known.randomElement(using: &generator) else { return }
      if Bool.random(using: &generator) {
        try await ledger.revokeAccess(token, until: clock.now.advanced(byMilliseconds: 2_000))
      } else {
        ledger.successorWatch.note(
          TokenID(session: token.session, generation: token.generation), issuedAt: clock.now.seconds, now: clock.now)
      }
    case 13:
      guard Int.random(in: 0..<4, using: &generator) == 0 else { return }
      try await ledger.revoke(
        [.subject(subject), .subjectAtClient(subject: subject, client: "web"), .client("web"), .all]
          .randomElement(using: &generator) ?? .all)
    case 2:
      guard let token = known.randomElement(using: &generator) else { return }
      _ = try await ledger.revoke(token.session)
    case 3:
      let grant = OneTimeGrant(
        purpose: "reset", subject: "user1", payload: [7], lifetimeMilliseconds: lifetimes.idleMilliseconds)
      let id = try await ledger.issue(grant)
      if Bool.random(using: &generator) { _ = try await ledger.consume(id, purpose: "reset") }
    case 4:
      try await ledger.sweepExpired()
    default:
      guard let position = known.indices.randomElement(using: &generator) else { return }
      var request = RotationRequest(
        token: known[position], client: "web",
        graceMilliseconds: [0, 5_000].randomElement(using: &generator) ?? 0,
        reuse: ReusePolicy.allCases.randomElement(using: &generator) ?? .refuse)
      if Int.random(in: 0..<5, using: &generator) == 0 { request.terms = SessionTerms(lifetimes: lifetimes) }
      if Bool.random(using: &generator) { request.narrowedScope = "r\(Int.random(in: 0..<3, using: &generator))" }
      if Bool.random(using: &generator), let key = digest(of: 1...2), let use = digest(of: 1...200) {
        let end = clock.now.advanced(byMilliseconds: Int64.random(in: 1...90_000, using: &generator))
        request.proof = KeyProof(key: key, useDigest: use, end: end)
      }
      if case .rotated(let session) = try await ledger.rotate(request), Bool.random(using: &generator) {
        known[position] = session.tokenID
      }
    }
  }
}
