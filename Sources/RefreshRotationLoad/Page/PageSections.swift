/// The text sections of a page.
enum PageSections {
  /// Returns a whole page.
  ///
  /// It refers to no other resource, and tells the browser to load none.
  static func document(title: String, body: String) -> String {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8">\
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">\
    <meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer">\
    <title>\(Markup.escape(title))</title><style>
    \(PageStyle.css)</style></head><body><main>
    \(body)
    </main></body></html>

    """
  }

  /// Returns one line that tells whether everything went as it must.
  static func verdict(_ run: PlottedRun) -> String {
    let report = run.report
    let (style, text): (String, String)
    if report.invariantViolations > 0 {
      style = "bad"
      text = "✗ \(counted(report.invariantViolations, "broken invariant")) in \(counted(report.rotations, "rotation"))"
    } else if let reason = report.endedEarly {
      style = "bad"
      text = "✗ Ended early: \(reason)"
    } else {
      style = "good"
      text = "✓ No invariant broke in \(counted(report.rotations, "rotation"))"
    }
    return "<p class=\"verdict \(style)\">\(Markup.escape(run.label(text)))</p>"
  }

  static func counted(_ count: Int, _ what: String) -> String {
    "\(Decimals.grouped(count)) \(what)\(count == 1 ? "" : "s")"
  }

  static func tiles(_ report: LoadReport) -> String {
    let latency = report.latencyMilliseconds
    let tiles = [
      (Decimals.short(report.rotationsPerSecond), "rotations/s"),
      (Decimals.short(latency.p50) + " ms", "median latency"), (Decimals.short(latency.p99) + " ms", "99th percentile"),
      (Decimals.short(latency.p999) + " ms", "99.9th percentile"), (Decimals.short(latency.max) + " ms", "longest"),
      (Decimals.grouped(report.errors), report.errors == 1 ? "error" : "errors"),
    ]
    return "<ul class=\"tiles\">"
      + tiles.map { "<li><b>\(Markup.escape($0.0))</b><span>\(Markup.escape($0.1))</span></li>" }.joined() + "</ul>"
  }

  static func violations(_ run: PlottedRun) -> String {
    let report = run.report
    guard report.invariantViolations > 0 else { return "" }
    let items = report.violations.map { violation in
      "<li><b>\(Markup.escape(violation.kind.rawValue))</b>, at \(Decimals.short(violation.seconds)) s: \(Markup.escape(violation.evidence))</li>"
    }
    let first = "<ol class=\"evidence\">\(items.prefix(violationsShown).joined())</ol>"
    let others = items.dropFirst(violationsShown)
    let folded =
      others.isEmpty
      ? ""
      : "<details><summary>\(others.count) more</summary><ol class=\"evidence\" start=\"\(violationsShown + 1)\">\(others.joined())</ol></details>"
    let left = report.invariantViolations - items.count
    let rest = left > 0 ? "<p class=\"soft\">\(Decimals.grouped(left)) further ones were counted and not kept.</p>" : ""
    return
      "<section><h2>\(Markup.escape(run.label("Broken invariants")))</h2><p class=\"soft\">A token is named by the first digits of its SHA-256.</p>\(first)\(folded)\(rest)</section>"
  }

  private static let violationsShown = 8

  static func errors(_ run: PlottedRun) -> String {
    let report = run.report
    let kinds = report.errorsByKind.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    guard let most = kinds.first?.value, most > 0 else {
      return "<section><h2>\(Markup.escape(run.label("Errors by kind")))</h2><p class=\"soft\">None.</p></section>"
    }
    let rows = kinds.map { kind, count in
      "<li><span>\(Markup.escape(kind))</span><span><i style=\"width:\(max(1, 100 * count / most))%\"></i></span><span>\(Decimals.grouped(count))</span><span class=\"sample\">\(Markup.escape(report.errorSamples[kind] ?? ""))</span></li>"
    }
    return
      "<section><h2>\(Markup.escape(run.label("Errors by kind")))</h2><ul class=\"bars-list\">\(rows.joined())</ul></section>"
  }

  static func checks(_ run: PlottedRun) -> String {
    let checks = run.report.checks
    let facts = [
      ("Consumed tokens replayed", Decimals.grouped(checks.reuses)),
      ("Replays refused", Decimals.grouped(checks.reusesRefused)),
      ("Replays answered", Decimals.grouped(checks.reusesAnswered)),
      ("Races", Decimals.grouped(checks.races)),
      ("Lost replies", Decimals.grouped(checks.lostReplies)),
      ("Lost replies recovered", Decimals.grouped(checks.lostRepliesRecovered)),
      ("Sessions that the server ended", Decimals.grouped(checks.sessionsEnded)),
      ("Sessions opened", Decimals.grouped(run.report.sessionsOpened)),
    ]
    let skipped = checks.skipped > 0 ? [("Due with no session free", Decimals.grouped(checks.skipped))] : []
    return
      "<section><h2>\(Markup.escape(run.label("What was tried")))</h2>\(Markup.facts(facts + skipped))</section>"
  }

  static func conditions(_ run: PlottedRun) -> String {
    "<section><h2>\(Markup.escape(run.label("Options")))</h2>\(Markup.facts(optionFacts(run.report)))</section>"
      + "<section><h2>\(Markup.escape(run.label("Machine of the load generator")))</h2>\(Markup.facts(machineFacts(run.report)))</section>"
  }

  static func optionFacts(_ report: LoadReport) -> [(String, String)] {
    let options = report.options
    func seconds(_ value: Double) -> String { Decimals.short(value) + " s" }
    func share(_ value: Double) -> String { Decimals.short(value * 100) + " %" }
    var facts = [
      ("Server", report.server),
      ("Loop", options.rate.map { "open, \(Decimals.short($0)) a second" } ?? "closed"),
      ("Sessions", Decimals.grouped(options.sessions)), ("Connections", Decimals.grouped(options.connections)),
      ("Duration", seconds(options.durationSeconds)), ("Replays", share(options.reuseRate)),
      ("Grace window", seconds(options.graceSeconds)),
    ]
    if options.race > 1 { facts.append(("Races", "\(share(options.raceRate)), \(options.race) at once")) }
    if options.lossRate > 0 { facts.append(("Lost replies", share(options.lossRate))) }
    if options.thinkSeconds > 0 { facts.append(("Think time", seconds(options.thinkSeconds))) }
    if options.rampUpSeconds > 0 { facts.append(("Ramp-up", seconds(options.rampUpSeconds))) }
    if let durability = options.durability { facts.append(("Durability", durability)) }
    if options.dpop == true { facts.append(("Proofs", "each session has a key (DPoP)")) }
    return facts
  }

  private static func machineFacts(_ report: LoadReport) -> [(String, String)] {
    var facts: [(String, String)] = []
    if let machine = report.machine {
      facts = [
        ("System", machine.system), ("Processor", machine.processor), ("Cores", "\(machine.cores)"),
        ("Memory", "\(Decimals.short(Double(machine.memoryBytes) / 1_073_741_824)) GiB"),
        (
          "Processor time of the load",
          "\(Decimals.short(machine.generatorSeconds)) s in \(Decimals.short(report.seconds)) s"
        ),
      ]
    }
    if let lateness = report.latenessMilliseconds {
      facts.append(
        ("Requests sent late by", "\(Decimals.short(lateness.p50)) ms, p99 \(Decimals.short(lateness.p99)) ms"))
    }
    return facts
  }

  static func footer(_ reports: [LoadReport]) -> String {
    let said = reports.compactMap { report in report.version.map { "refresh-ledger \($0)" } }
    return
      "<footer>Written by \(Markup.escape(Set(said).sorted().joined(separator: " and "))) load.</footer>"
  }
}
