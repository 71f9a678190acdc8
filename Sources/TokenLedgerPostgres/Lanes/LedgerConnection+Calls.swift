#if Postgres
internal import Platform

/// Steps of many calls. Each call is settled after the commit, and after this instance's verifiers know what it must
/// know.
extension LedgerConnection {
  private static func deadline(_ calls: [any LaneCall]) -> ContinuousClock.Instant {
    calls.map(\.limit).max() ?? .now
  }

  /// Grants what can be granted at once and leaves the rest to a slow step.
  func rotate(_ rotations: [RotationCall], _ tokens: [AccessCall], _ queue: LaneQueue) throws(DatabaseError) {
    let deadline = Self.deadline(rotations as [any LaneCall] + tokens)
    try raiseLimits(
      for: rotations.map(\.request), accessMilliseconds: tokens.map(\.request.accessMilliseconds).max() ?? 0,
      deadline: deadline)
    var queries: [Query] = []
    if !rotations.isEmpty {
      queries.append(
        FastRotation.query(rotations.map { ($0.request, $0.attempt.id) }, time: setting.time))
    }
    let ids = Parameter.bytesArray(tokens.map(\.request.id.bytes))
    if !tokens.isEmpty {
      queries += [
        Query(OpeningStep.accessStatement[setting.time], [ids, .textArray(tokens.map(\.request.client))]),
        Query(OpeningStep.exemptions, [ids]), Query(LedgerSQL.barrierStatement),
      ]
    }
    let answer = try step(queries, deadline: deadline)
    var left: [RotationCall] = []
    if !rotations.isEmpty {
      let grants = try FastRotation.grants(answer.rows[0], of: rotations.map(\.request), shifts: setting.hooks.shifts())
      if let last = grants.compactMap({ $0?.eventNumber }).max() { acknowledge(last) }
      if let moment = grants.lazy.compactMap({ $0?.moment }).first { note(moment.time) }
      for (call, grant) in zip(rotations, grants) {
        if let grant { call.settle(.success((grant.rotation, grant.moment))) } else { left.append(call) }
      }
    }
    try settle(tokens, answer.rows.suffix(3))
    queue.leave(left)
  }

  private func settle(_ tokens: [AccessCall], _ rows: ArraySlice<Rows>) throws(DatabaseError) {
    guard !tokens.isEmpty, let moments = rows.first else { return }
    let exemptions = try RevocationRow.all(rows[rows.startIndex + 1])
    if !exemptions.isEmpty { setting.hooks.noteRevocations(exemptions) }
    let moment = LedgerMoment(
      time: Timestamp(milliseconds: try moments.int64(0, 0)), shift: try moments.int64(0, 1))
    note(moment.time)
    for call in tokens { call.settle(.success(moment)) }
  }

  func rotateSlowly(_ rotations: [RotationCall]) throws(DatabaseError) {
    let deadline = Self.deadline(rotations)
    try raiseLimits(for: rotations.map(\.request), deadline: deadline)
    let presentations = rotations.map { SlowRotation.Presentation(request: $0.request, attempt: $0.attempt) }
    let (outcomes, moment) = try SlowRotation.run(presentations, on: self, deadline: deadline)
    for (call, outcome) in zip(rotations, outcomes) { call.settle(.success((outcome, moment))) }
  }

  func open(_ calls: [OpeningCall]) throws(DatabaseError) {
    let deadline = Self.deadline(calls)
    let requests = calls.flatMap(\.request)
    try raiseLimits(
      accessMilliseconds: requests.map(\.grant.accessMilliseconds).max() ?? 0, graceMilliseconds: 0, deadline: deadline)
    let openings = calls.flatMap { call in
      call.request.enumerated().map { index, request in
        OpeningStep.Opening(id: request.id, grant: request.grant, attempt: call.attempt.id &+ Int64(index))
      }
    }
    let max = setting.options.sessionsPerSubjectMax
    let answer =
      max == 0
      ? try OpeningStep.run(openings, on: self, deadline: deadline)
      : try CappedOpening.run(openings, sessionsPerSubjectMax: max, on: self, deadline: deadline)
    var start = 0
    for call in calls {
      let end = start + call.request.count
      call.settle(
        .success(
          OpeningStep.Answer(
            rows: answer.rows, marks: answer.marks, moment: answer.moment, isOpened: Array(answer.isOpened[start..<end])
          )))
      start = end
    }
  }

  // MARK: - What the ledger must know before something is granted

  func raiseLimits(
    for requests: [RotationRequest], accessMilliseconds: Int64 = 0, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) {
    var (access, grace): (Int64, Int64) = (accessMilliseconds, 0)
    for request in requests {
      access = max(access, request.accessMilliseconds)
      grace = max(grace, request.graceMilliseconds)
    }
    try raiseLimits(accessMilliseconds: access, graceMilliseconds: grace, deadline: deadline)
  }
}
#endif
