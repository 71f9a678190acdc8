import Platform
import SystemPackage
import TokenEngine
import TokenLedger
import WriteAheadLog

/// The findings on the log: whether it is whole, how it grows, what a start would have to read.
struct DoctorLog {
  let data: DataFolderOption
  let settings: ServerSettings
  let isServed: Bool
  var wallClock = SessionClock.system

  private static let check = "log"

  /// The facts of one reading.
  private struct Reading {
    var summary: LogSummary
    var liveSessions: Int
    var highest: Timestamp
    var shiftSeconds: Int64
    /// The times of the first and the last record after the checkpoint.
    var from, to: Timestamp?
    /// The number of bytes of records after the checkpoint.
    var bytes: UInt64
    var took: Duration
    /// The names of subjects and clients with live sessions that are not in NFC.
    var otherForms: (subjects: [String], clients: [String])
  }

  func findings() -> [DoctorFinding] {
    let quoted = ShellText.quoted(data.path)
    guard let names = try? FileSystem.names(in: data.logFolder.string), names.contains(where: { $0.hasSuffix(".lz4") })
    else {
      return [.note(Self.check, "there is none yet; the first start makes it")]
    }
    var findings: [DoctorFinding] = []
    let kept = names.filter { $0.hasPrefix("torn-") || $0.hasPrefix("damaged-") }.sorted()
    if !kept.isEmpty {
      findings.append(
        .note(
          Self.check,
          "\(kept.count) copies of what a crash or a repair cut off: \(kept.prefix(3).joined(separator: " "))"))
    }
    do throws(LogError) {
      if try LogReader.isRolledBack(FolderStorage(path: data.logFolder)) {
        findings.append(
          .problem(
            Self.check, "it is a backup or was repaired: tokens that were consumed after it would be live again",
            fix: "refresh-ledger log restore --data \(quoted)"))
      }
      if let what = try MovedMark.read(in: FolderStorage(path: data.logFolder)) {
        findings.append(.problem(Self.check, "it \(what)"))
      }
    } catch {
      return findings + [.problem(Self.check, error.description)]
    }
    let reading: Reading
    do throws(CommandError) { reading = try read() } catch {
      let isDamage = error.status == .bad
      return findings + [
        .problem(Self.check, error.description, fix: isDamage ? "refresh-ledger log repair --data \(quoted)" : nil)
      ]
    }
    return findings + [whole(reading)] + growth(reading) + [start(reading)] + clock(reading) + otherForms(reading)
  }

  private func read() throws(CommandError) -> Reading {
    var reader = LedgerRecordReader()
    var bytes: UInt64 = 0
    var (from, to): (Timestamp?, Timestamp?) = (nil, nil)
    let began = ContinuousClock.now
    let survey = try LogSurvey(folder: data.logFolder, label: "reading the log") {
      (frame, payload) throws(RecordError) in
      try reader.read(frame, payload)
      guard frame.kind == .records else { return }
      bytes += UInt64(frame.fileBytes)
      to = reader.highestTime
      if from == nil { from = to }
    }
    return Reading(
      summary: survey.summary, liveSessions: reader.liveSessionCount, highest: reader.highestTime,
      shiftSeconds: reader.shiftSeconds, from: from, to: to,
      bytes: bytes, took: ContinuousClock.now - began, otherForms: reader.namesInOtherForms(at: wallClock.now()))
  }

  private func whole(_ reading: Reading) -> DoctorFinding {
    let summary = reading.summary
    let what =
      "whole up to record \(summary.lastSequence), epoch \(summary.epoch), \(reading.liveSessions) live sessions"
    if let torn = summary.tornTail, !isServed {
      return .note(
        Self.check, "\(what); \(torn.bytes) bytes at its end were never acknowledged, and the next start cuts them off")
    }
    let state =
      isServed ? "" : summary.wasClosedCleanly ? ", closed cleanly" : ", not closed cleanly: its server was killed"
    return .ok(Self.check, what + state)
  }

  private func growth(_ reading: Reading) -> [DoctorFinding] {
    let every = UInt64(settings.engine.checkpointEvery)
    let since =
      "\(FigureText.bytes(Double(reading.bytes))) since the last checkpoint; one is due at \(FigureText.bytes(Double(every)))"
    if reading.bytes > every + every / 2 {
      return [
        .warning(
          "checkpoint", since + (isServed ? ", and the server wrote none" : ""),
          fix: "refresh-ledger log checkpoint --data \(ShellText.quoted(data.path)); the server's log says why")
      ]
    }
    guard let from = reading.from, let to = reading.to, to.millisecondsSince(from) > 60_000, reading.bytes < every
    else {
      return [.ok("checkpoint", since)]
    }
    let second = Double(reading.bytes) / (Double(to.millisecondsSince(from)) / 1000)
    let left = FigureText.time(seconds: Double(every - reading.bytes) / second)
    return [
      .ok(
        "checkpoint",
        "\(since), in about \(left) if it grows as it has so far (\(FigureText.bytes(second * 86_400)) a day)")
    ]
  }

  private func start(_ reading: Reading) -> DoctorFinding {
    let seconds = FigureText.latency(seconds: reading.took / .seconds(1))
    return .note("start", "a start reads \(FigureText.bytes(Double(reading.summary.bytes))); that took \(seconds) now")
  }

  /// Returns the findings on names that an earlier release stored as they were typed.
  private func otherForms(_ reading: Reading) -> [DoctorFinding] {
    let quoted = ShellText.quoted(data.path)
    let others = reading.otherForms
    return [("subject", others.subjects), ("client", others.clients)].compactMap { kind, names in
      SpelledNames(names).map { names in
        let revoke = "refresh-ledger sessions revoke --\(kind) NAME --data \(quoted)"
        return .note(
          "names", "\(kind)s with live sessions whose names are not in Unicode's form NFC: \(names.words)",
          fix: "nothing needs to be done: the name in NFC reaches them too; to end them, \(revoke)")
      }
    }
  }

  private func clock(_ reading: Reading) -> [DoctorFinding] {
    let behind = reading.highest.millisecondsSince(wallClock.now())
    guard behind > 1000 || reading.shiftSeconds > 0 else {
      return [.ok("clock", "not behind the latest time in the log")]
    }
    guard behind > 1000 else {
      return [
        .note(
          "clock",
          "it was set back while the server ran: the log has a shift of \(reading.shiftSeconds) s, which ends at the next start"
        )
      ]
    }
    return [
      .warning(
        "clock",
        "it is \(FigureText.time(seconds: Double(behind) / 1000)) behind the log: a shift of \((behind + 999) / 1000) s. "
          + "Tokens end when they should, and carry the shift",
        fix: "if this clock is wrong, set it: timedatectl set-ntp true; if it is right, there is nothing to do")
    ]
  }
}
