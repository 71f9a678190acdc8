import Synchronization

/// Every damage to small logs: the verdict on each must be the one that docs/wal-format.md names.
///
/// A case is one of 4,096 shares of the damages of one reference log: log number x 4,096 + share.
package struct DamageProof: Proof {
  package let name = "damage"
  package let summary = "every bit, length, sector, segment and frame of small logs damaged, one case after another"
  package let cases: Range<UInt64> = 0..<(36 * DamageProof.shares)

  package static let shares: UInt64 = 4_096
  private let prepared = PreparedLogs()

  package init() {}

  package func run(_ number: UInt64, into tally: inout ProofTally, trace: ((String) -> Void)?) async {
    let log: PreparedLog
    do {
      log = try await prepared.log(Int(number / Self.shares))
    } catch {
      tally.addViolation(number, "no reference log: \(error)")
      return
    }
    trace?(log.log.summary)
    let share = Int(number % Self.shares)
    if share == 0 { log.describe(to: &tally) }
    var counts: [String: Int] = [:]
    for index in stride(from: share, to: log.damages.count, by: Int(Self.shares)) {
      let damage = log.damages[index]
      trace?("\(damage)")
      guard let finding = await DamageFinding.of(damage, log.log, other: log.other) else {
        counts["cases that change nothing", default: 0] += 1
        continue
      }
      trace?("  \(finding.verdict.map { "\($0)" } ?? "no verdict")")
      counts[damage.kind, default: 0] += 1
      counts[finding.classification, default: 0] += 1
      if finding.isUntold { counts["cannot be told, \(damage.kind)", default: 0] += 1 }
      if let breach = finding.breach {
        tally.addViolation(number, breach, evidence: [log.log.summary, "\(damage)", "specified: \(finding.specified)"])
      }
    }
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) { tally.add(name, count) }
  }
}

/// A reference log with its damages.
struct PreparedLog: Sendable {
  let log: ReferenceLog
  /// Has another identity.
  let other: ReferenceLog
  let damages: [Damage]

  func describe(to tally: inout ProofTally) {
    tally.add(log.summary, damages.count)
  }
}

/// The reference logs in use: making one costs as much as hundreds of cases.
private final class PreparedLogs: Sendable {
  private let logs = Mutex<[Int: Task<PreparedLog, any Error>]>([:])

  func log(_ number: Int) async throws -> PreparedLog {
    let task = logs.withLock { logs in
      if let known = logs[number] { return known }
      for old in logs.keys where old < number - 1 { logs[old] = nil }
      let task = Task {
        let log = try await ReferenceLog.make(number)
        return PreparedLog(log: log, other: try await ReferenceLog.make(number + 3_000), damages: Damage.all(of: log))
      }
      logs[number] = task
      return task
    }
    return try await task.value
  }
}

/// One damage, what was specified for it and what the product made of it.
struct DamageFinding {
  let specified: SpecifiedVerdict
  let verdict: SpecifiedVerdict?
  let breach: String?
  let classification: String
  /// Opened without the last frames: no log without a second copy could tell this from a crash.
  var isUntold: Bool {
    if case .opens(let last, _, _) = specified { last < written } else { false }
  }
  private let written: UInt64

  /// Nil where the damage changes nothing.
  static func of(_ damage: Damage, _ log: ReferenceLog, other: ReferenceLog) async -> DamageFinding? {
    guard let files = damage.applied(to: log, other: other) else { return nil }
    var opening = SpecifiedOpening(files, knownFrames: log.knownFrames)
    let specified = opening.run()
    let outcome = await DamageOutcome.of(files, log, checksRecords: damage.keepsRecords)
    var breach = outcome.breach
    if breach == nil, let verdict = outcome.verdict {
      if damage.isInPlace { breach = DamagePromise(log, files)?.breach(verdict, files) }
      if breach == nil { breach = damage.disagreement(verdict, specified) }
    }
    return DamageFinding(
      specified: specified, verdict: outcome.verdict, breach: breach,
      classification: classify(outcome.verdict, log), written: log.lastSequence)
  }

  private static func classify(_ verdict: SpecifiedVerdict?, _ log: ReferenceLog) -> String {
    switch verdict {
    case .corrupt: "verdict: refused with its place"
    case .unsupportedVersion: "verdict: another version"
    case .opens(log.lastSequence, _, _): "verdict: opened with every record"
    case .opens: "verdict: last frame cut off, cannot be told from a crash"
    case nil: "verdict: none"
    }
  }
}

extension Damage {
  /// Whether the records of a log that opens are still those that were written.
  var keepsRecords: Bool {
    switch self {
    case .reforge, .reforgeEntries, .foreign, .undoCheckpoint: false
    default: true
    }
  }

  /// How the verdict differs from what is specified; nil where it does not.
  func disagreement(_ verdict: SpecifiedVerdict, _ specified: SpecifiedVerdict) -> String? {
    if verdict == specified { return nil }
    // Whether a record is possible after the ones before it is not asked of the specification's reader.
    guard case .opens = specified, case .corrupt = verdict else { return "\(verdict), specified: \(specified)" }
    switch self {
    case .reforge, .reforgeEntries: return nil
    default: break
    }
    return "\(verdict), specified: \(specified)"
  }
}
