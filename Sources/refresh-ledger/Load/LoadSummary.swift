import RefreshRotationLoad

/// A summary of a run in a few lines, with notes on figures that are misleading alone.
struct LoadSummary {
  let report: LoadReport

  var text: String { (figures + kinds + notes).joined(separator: "\n") }

  private var figures: [String] {
    func milliseconds(_ value: Double) -> String { FigureText.short(value) + " ms" }
    let (latency, checks) = (report.latencyMilliseconds, report.checks)
    var lines = [
      "\(FigureText.counted(report.rotations, "rotation")) in \(FigureText.short(report.seconds)) s: \(FigureText.short(report.rotationsPerSecond)) a second on \(report.server)",
      "latency p50 \(milliseconds(latency.p50)), p90 \(milliseconds(latency.p90)), p99 \(milliseconds(latency.p99)), p99.9 \(milliseconds(latency.p999)), max \(milliseconds(latency.max))",
    ]
    if let service = report.serviceMilliseconds {
      lines.append(
        "counted from when each request was due; from when it was sent p50 \(milliseconds(service.p50)), p99 \(milliseconds(service.p99)), max \(milliseconds(service.max))"
      )
    }
    if report.options.dpop == true {
      lines.append("each session was bound to a key, each request had a proof of it (DPoP)")
    }
    var tried: [String] = []
    if checks.reuses > 0 {
      tried.append(
        "\(FigureText.counted(checks.reuses, "replay")) (\(FigureText.count(checks.reusesRefused)) refused)")
    }
    if checks.races > 0 { tried.append(FigureText.counted(checks.races, "race")) }
    if checks.lostReplies > 0 {
      tried.append(
        "\(FigureText.count(checks.lostReplies)) lost \(checks.lostReplies == 1 ? "reply" : "replies") (\(FigureText.count(checks.lostRepliesRecovered)) recovered)"
      )
    }
    if !tried.isEmpty { lines.append("tried: \(tried.joined(separator: ", "))") }
    lines.append(
      "\(FigureText.counted(report.errors, "error")), \(FigureText.counted(report.invariantViolations, "broken invariant"))"
    )
    return lines
  }

  private var kinds: [String] {
    report.errorsByKind.sorted { $0.value > $1.value }.map { kind, count in
      "  \(kind): \(FigureText.count(count)), first: \(report.errorSamples[kind] ?? "unknown")"
    }
  }

  private var notes: [String] {
    var notes: [String] = []
    if report.errorsByKind[ErrorKind.connection.rawValue, default: 0] > 0, report.endedEarly == nil {
      notes.append(
        "note: connections broke or were closed at once: the server was stopped or restarted, or it or a proxy in front of it limits connections from one address (refresh-ledger: limits.connectionsPerAddress, limits.connections)"
      )
    }
    if report.options.graceSeconds == 0, report.violations.contains(where: { $0.kind == .reuseAccepted }) {
      notes.append("note: a server with a grace window answers replays in it; give --grace as the server has it")
    }
    // A log-in at the engine itself costs nothing.
    if report.server != "in-process", report.checks.sessionsEnded * 200 > report.rotations,
      report.checks.sessionsEnded > 0
    {
      notes.append(
        "note: the server ended \(FigureText.counted(report.checks.sessionsEnded, "session")) after replays, races or lost replies, and each needs a log-in; for the highest rate give --replay-rate 0"
      )
    }
    if report.checks.skipped > 0 {
      notes.append(
        "note: \(FigureText.counted(report.checks.skipped, "request")) had no free session when due; open more (--sessions)"
      )
    }
    if let late = report.latenessMilliseconds, late.p99 > 10 {
      notes.append(
        "note: this machine sent requests late (p99 \(FigureText.short(late.p99)) ms) though connections were free; its own share of the latencies is large"
      )
    }
    if report.server != "in-process", let machine = report.machine,
      machine.generatorSeconds > 0.8 * report.seconds * Double(machine.cores)
    {
      notes.append(
        "note: the load generator used all of this machine's processor time; the server may be able to do more")
    }
    return notes
  }
}
