#if Postgres
/// The proofs of keys that a step takes as counted before it judges: in the step's own transaction, so that of two
/// instances that are shown one proof at once, the second waits for the first and finds it counted.
///
/// A proof that turns out to be granted nothing is given back in the same transaction.
struct ProofUses: Sendable {
  /// A proof that a step is to count, by the attempt of the call that brings it.
  struct Use: Sendable {
    let proof: KeyProof
    let attempt: Attempt
  }

  private let uses: [Use]
  /// The proofs that somebody else has had counted, or that this step has.
  private var counted: Set<Digest256> = []
  /// The proofs that this step had counted for an outcome.
  private var granted: Set<Digest256> = []

  /// Sorted by their digests, so that no two steps wait for each other.
  init(_ uses: [Use]) {
    self.uses = uses.sorted { $0.proof.useDigest < $1.proof.useDigest }
  }

  var isEmpty: Bool { uses.isEmpty }

  /// The queries by which the step takes the proofs: none without proofs.
  ///
  /// Their rows go to ``note(_:)``.
  func queries(_ time: StatementTime) -> [Query] {
    if uses.isEmpty { return [] }
    let digests = Parameter.bytesArray(uses.map(\.proof.useDigest.bytes))
    let ends = Parameter.int64Array(uses.map(\.proof.end.milliseconds))
    return [
      Query(Self.take[time], [digests, ends, .int64Array(uses.map(\.attempt.id))]), Query(Self.holders, [digests]),
    ]
  }

  /// Reads whose the proofs are: what another call had counted is not this step's.
  mutating func note(_ rows: [Rows]) throws(DatabaseError) {
    guard !uses.isEmpty, let holders = rows.last else { return }
    let own = Set(uses.map(\.attempt.id))
    for row in 0..<holders.count {
      guard let digest = Digest256(try holders.bytes(row, 0)) else { throw .malformed("a proof's digest is none") }
      if try !own.contains(holders.int64(row, 1)) { counted.insert(digest) }
    }
  }

  /// Returns the reason that a proof does not count, or nil.
  func refusal(of proof: KeyProof, at now: Timestamp) -> RotationRefusal? {
    RotationRule.refusal(of: proof, isCounted: counted.contains(proof.useDigest), at: now)
  }

  /// Counts a proof for an outcome that is granted.
  mutating func count(_ proof: KeyProof) {
    counted.insert(proof.useDigest)
    granted.insert(proof.useDigest)
  }

  /// The query that gives back what was granted nothing.
  ///
  /// A proof of a call that was tried before is kept, since the earlier try may have been granted something.
  var release: [Query] {
    let left = uses.filter { !granted.contains($0.proof.useDigest) && !$0.attempt.isRetry }
    if left.isEmpty { return [] }
    return [
      Query(
        Self.giveBack,
        [.bytesArray(left.map(\.proof.useDigest.bytes)), .int64Array(left.map(\.attempt.id))])
    ]
  }

  // MARK: - Statements

  private static let take = TimedStatement(name: "proof_take") { time in
    """
    insert into used_proof(digest, until_ms, attempt)
    select u.digest, least(u.until_ms, m.now + \(KeyProof.millisecondsMax)), u.attempt
    from (select * from unnest($1, $2, $3) with ordinality as u(digest, until_ms, attempt, place) order by place) u,
      (\(time.moment)) m
    on conflict (digest) do nothing
    """
  }

  /// A statement of its own, since only a later one sees what the first had to wait for.
  private static let holders = Statement(
    name: "proof_holders", sql: "select p.digest, p.attempt from used_proof p where p.digest = any($1)")

  private static let giveBack = Statement(
    name: "proof_release",
    sql:
      "delete from used_proof p using unnest($1, $2) as u(digest, attempt) where p.digest = u.digest and p.attempt = u.attempt"
  )

  /// Counts a proof by itself, in one round trip; a retry finds what it did.
  static func count(
    _ proof: KeyProof, attempt: Attempt, on connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> RotationRefusal? {
    var uses = ProofUses([Use(proof: proof, attempt: attempt)])
    let time = connection.setting.time
    let answer = try connection.step(
      uses.queries(time) + [Query(StepMoment.statement[time]), Query(LedgerSQL.barrierStatement)], deadline: deadline)
    try uses.note(Array(answer.rows.prefix(2)))
    let now = Timestamp(milliseconds: try answer.rows[2].int64(0, 0))
    connection.note(now)
    return uses.refusal(of: proof, at: now)
  }
}
#endif
