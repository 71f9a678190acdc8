import Foundation
import SystemPackage
import TokenLedger

/// One ledger with so many live sessions, and what each thing takes there.
struct GrowthRun {
  let count: Int
  let sessionsPerSubject: Int
  let events: Int
  let folder: FilePath
  let clock = MovableClock()
  var figures = Figures()

  private static let day: Int64 = 86_400_000

  mutating func run() async throws -> Figures {
    (figures.sessions, figures.sessionsPerSubject) = (count, sessionsPerSubject)
    var ledger = try await open()
    let ids = try await fill(ledger)
    note("filled")
    try await rotateInBatches(ledger, ids)
    let bystanders = Bystanders(ledger: ledger, ids: Array(ids.prefix(1024)))
    note("rotated")
    try await beQuiet(bystanders)
    note("quiet")
    try await makeCheckpoint(ledger, bystanders)
    note("checkpoint")
    try await endSubject(ledger, bystanders)
    note("subject")
    try await endMillion(ledger, bystanders)
    note("million")
    try await ledger.checkpoint()
    try await ledger.close()
    ledger = try await readCheckpoint()
    try await writeEvents(ledger, ids)
    try await ledger.close()
    try await readEvents()
    figures.residentBytesAtEnd = Resident.bytes
    return figures
  }

  private func note(_ step: String) { FileHandle.standardError.write(Data("\(step)\n".utf8)) }

  private func open() async throws -> RefreshLedger {
    try await RefreshLedger.open(
      folder: folder, options: LedgerOptions(stagedBytesMax: 64 << 20), clock: clock.sessionClock
    ).ledger
  }

  private mutating func fill(_ ledger: RefreshLedger) async throws -> [SessionID] {
    guard let lifetimes = Lifetimes(idleMilliseconds: Self.day, absoluteMilliseconds: 30 * Self.day) else { return [] }
    var ids: [SessionID] = []
    ids.reserveCapacity(count)
    let before = Resident.bytes
    let idBytes = count * MemoryLayout<SessionID>.stride
    for start in stride(from: 0, to: count, by: 4096) {
      let batch = (start..<min(start + 4096, count)).map { number in
        SessionGrant(
          subject: "user-\(number / sessionsPerSubject)", client: "web", scope: "read write", lifetimes: lifetimes)
      }
      for session in try await ledger.open(batch) { ids.append(session.id) }
    }
    figures.bytesPerSession = Double(Resident.bytes - before - idBytes) / Double(count)
    return ids
  }

  /// Durable ones: each batch is one commit; the sessions are in no order of the table.
  private mutating func rotateInBatches(_ ledger: RefreshLedger, _ ids: [SessionID]) async throws {
    let clock = ContinuousClock()
    for size in [100, 1000] {
      let total = min(count, 1_000_000) / size * size
      let stride = Self.coprimeStride(to: count)
      let round = size == 100 ? 0 : 1
      var batches: [[RotationRequest]] = []
      for start in Swift.stride(from: 0, to: total, by: size) {
        batches.append(
          (start..<start + size).map { place in
            let id = ids[place * stride % count]
            return RotationRequest(token: TokenID(session: id, generation: UInt32(round)), client: "web")
          })
      }
      let bytes = await ledger.bytesSinceCheckpoint
      let duration = try await clock.measure {
        for batch in batches {
          for case .refused(let why) in try await ledger.rotate(batch) { throw Unexpected(what: "refused: \(why)") }
        }
      }
      figures.batchNanoseconds[size] = duration / .nanoseconds(total)
      figures.logBytesPerRotation[size] = Double(await ledger.bytesSinceCheckpoint - bytes) / Double(total)
    }
  }

  private mutating func beQuiet(_ bystanders: Bystanders) async throws {
    let (_, latencies) = try await bystanders.during { try await Task.sleep(for: .seconds(3)) }
    figures.quiet = latencies.microseconds(at: [0.5, 0.99])
  }

  private mutating func makeCheckpoint(_ ledger: RefreshLedger, _ bystanders: Bystanders) async throws {
    let (duration, latencies) = try await bystanders.during {
      try await ContinuousClock().measure { try await ledger.checkpoint() }
    }
    figures.checkpointSeconds = duration / .seconds(1)
    figures.duringCheckpoint = latencies.microseconds(at: [0.5, 0.99])
  }

  /// A subject with 100,000 sessions loses them all: one record, and a sweep behind it.
  private mutating func endSubject(_ ledger: RefreshLedger, _ bystanders: Bystanders) async throws {
    let before = await ledger.statistics.entries
    try await openMany(100_000, subject: "everywhere", idle: Self.day, in: ledger)
    let (durations, latencies) = try await bystanders.during {
      let call = try await ContinuousClock().measure { try await ledger.revoke(.subject("everywhere")) }
      let sweep = try await ContinuousClock().measure { try await Self.sweep(ledger, until: before) }
      try await Task.sleep(for: .milliseconds(200))
      return [call, sweep]
    }
    figures.revokeMilliseconds = durations[0] / .milliseconds(1)
    figures.revokeSweptSeconds = durations[1] / .seconds(1)
    figures.duringRevocation = latencies.microseconds(at: [0.5, 0.99])
  }

  /// A million sessions end in one and the same second.
  private mutating func endMillion(_ ledger: RefreshLedger, _ bystanders: Bystanders) async throws {
    let before = await ledger.statistics.entries
    let moment = SessionClock.system.now()
    clock.stand(at: moment)
    try await openMany(1_000_000, subject: "crowd", idle: 60_000, in: ledger)
    let (duration, latencies) = try await bystanders.during {
      try await Task.sleep(for: .milliseconds(200))
      clock.stand(at: moment.advanced(byMilliseconds: 61_000))
      return try await ContinuousClock().measure { try await Self.sweep(ledger, until: before) }
    }
    figures.expirySeconds = duration / .seconds(1)
    figures.duringExpiry = latencies.microseconds(at: [0.5, 0.99])
  }

  private func openMany(_ number: Int, subject: String, idle: Int64, in ledger: RefreshLedger) async throws {
    guard let lifetimes = Lifetimes(idleMilliseconds: idle, absoluteMilliseconds: idle) else { return }
    let grant = SessionGrant(subject: subject, client: "web", scope: "read write", lifetimes: lifetimes)
    for start in stride(from: 0, to: number, by: 4000) {
      _ = try await ledger.open([SessionGrant](repeating: grant, count: min(4000, number - start)))
    }
  }

  /// As the server's heartbeat does, but without its pause.
  private static func sweep(_ ledger: RefreshLedger, until entries: Int) async throws {
    while await ledger.statistics.entries > entries { try await ledger.sweepExpired() }
  }

  private mutating func readCheckpoint() async throws -> RefreshLedger {
    let clock = ContinuousClock()
    let began = clock.now
    let ledger = try await open()
    figures.checkpointReadSeconds = (clock.now - began) / .seconds(1)
    guard await ledger.statistics.liveSessions == count else { throw Unexpected(what: "sessions are missing") }
    return ledger
  }

  /// 85 rotations, ten openings and five revocations in each hundred events, one event each.
  private mutating func writeEvents(_ ledger: RefreshLedger, _ ids: [SessionID]) async throws {
    figures.events = events
    var generations = [UInt32](repeating: 0, count: min(count, 100_000))
    for position in generations.indices {
      generations[position] = try await ledger.session(ids[position])?.generation ?? 0
    }
    guard let lifetimes = Lifetimes(idleMilliseconds: Self.day, absoluteMilliseconds: Self.day) else { return }
    let grants = (0..<100).map {
      SessionGrant(subject: "late-\($0)", client: "web", scope: "read write", lifetimes: lifetimes)
    }
    var position = 0
    for _ in 0..<figures.events / 1000 {
      let opened = try await ledger.open(grants)
      try await withThrowingDiscardingTaskGroup { group in
        for session in opened.prefix(50) { group.addTask { _ = try await ledger.revoke(session.id) } }
      }
      var batch: [RotationRequest] = []
      for _ in 0..<850 {
        batch.append(
          RotationRequest(token: TokenID(session: ids[position], generation: generations[position]), client: "web"))
        generations[position] += 1
        position = (position + 7919) % generations.count
      }
      for case .refused(let why) in try await ledger.rotate(batch) { throw Unexpected(what: "refused: \(why)") }
    }
  }

  private mutating func readEvents() async throws {
    let clock = ContinuousClock()
    let began = clock.now
    let ledger = try await open()
    let seconds = (clock.now - began) / .seconds(1) - figures.checkpointReadSeconds
    figures.eventsPerSecond = Double(figures.events) / max(seconds, 0.001)
    try await ledger.close()
  }

  /// Steps through all places, far from each other.
  private static func coprimeStride(to count: Int) -> Int {
    var stride = Int(Double(count) * 0.618) | 1
    while gcd(stride, count) != 1 { stride += 2 }
    return stride
  }

  private static func gcd(_ left: Int, _ right: Int) -> Int { right == 0 ? left : gcd(right, left % right) }
}
