internal import HTTPTypes
internal import Hummingbird
internal import TokenEngine
internal import TokenHTTP
internal import TokenLedger

/// The figures that a page shows and, where it may run its script, renews every few seconds. Each is formatted here alone.
struct LiveFigures: Sendable {
  private var texts: [(name: String, text: String)] = []
  private var lines: [(name: String, points: String)] = []
  let alarms: [ConsoleAlarm]
  let health: LogHealth

  static let lineWidth = 236
  private static let lineHeight = 44.0

  /// Costs one turn of the ledger's actor, and never waits for the disk.
  static func read(_ engine: RotationEngine, _ activity: ConsoleActivity) async -> LiveFigures {
    LiveFigures(await engine.logHealth, activity.read())
  }

  private init(_ health: LogHealth, _ reading: ActivityReading) {
    self.health = health
    alarms = reading.alarms
    add(health.ledger)
    add(reading)
    add(reading.lastCommits, rate: reading.commitRate)
    if let files = health.files { add(files) }
    texts.append(("state", Self.words(health.state)))
  }

  /// The figure, where the script finds it; a dash where there is none.
  subscript(name: String) -> HTML {
    "<span data-figure=\"\(name)\">\(texts.first { $0.name == name }?.text ?? "–")</span>"
  }

  /// Whether the server accepts changes, as every page of figures says it.
  var statePill: HTML {
    let tone = health.state == .acceptsChanges ? "good" : "bad"
    return "<p class=\"pill \(tone)\" data-state>\(self["state"])</p>"
  }

  /// The last five minutes as a line. What it says stands beside it in words.
  func line(_ name: String) -> HTML {
    let points = lines.first { $0.name == name }?.points ?? ""
    return """
      <svg class="line" viewBox="0 0 \(Self.lineWidth) 48" preserveAspectRatio="none" aria-hidden="true">\
      <polygon data-area="\(name)" points="0,48 \(points) \(Self.lineWidth),48"/>\
      <polyline data-line="\(name)" points="\(points)"/></svg>
      """
  }

  /// What the script asks for.
  var json: Response {
    var body = JSONObjectWriter(capacity: 4096)
    body.add("ready", health.state == .acceptsChanges)
    body.add("figures", objects: texts) { figure, object in
      object.add("name", figure.name)
      object.add("text", figure.text)
    }
    body.add("lines", objects: lines) { line, object in
      object.add("name", line.name)
      object.add("points", line.points)
    }
    return Response(status: .ok, json: body)
  }

  static func words(_ state: LogHealth.State) -> String {
    switch state {
    case .acceptsChanges: "Ready: changes are accepted"
    case .stalled: "Not ready: the disk does not answer"
    case .unavailable: "Not ready: the ledger cannot be reached"
    case .closed: "Not ready: the log is closed, and only a restart opens it again"
    }
  }

  private mutating func add(_ ledger: LedgerStatistics) {
    add("live-sessions", FigureText.count(ledger.liveSessions))
    add("entries", FigureText.count(ledger.entries))
    add("staged", FigureText.count(ledger.sequence))
    add("durable", FigureText.count(ledger.durableSequence))
    add("lag", FigureText.count(ledger.sequence - min(ledger.sequence, ledger.durableSequence)))
    add("since-checkpoint", FigureText.bytes(ledger.logBytes))
  }

  private mutating func add(_ files: LogHealth.Files) {
    add("segments", FigureText.count(files.segments))
    add("written", FigureText.bytes(files.bytesWritten))
    add("records", FigureText.count(files.records))
    add("commits", FigureText.count(files.commits))
    add("syncs", FigureText.count(files.syncs))
    add("synced", FigureText.count(files.syncedSequence))
  }

  private mutating func add(_ reading: ActivityReading) {
    for kind in ActivityKind.allCases {
      let rates = reading.rates(kind)
      let peak = rates.max() ?? 0
      add("\(kind)-total", FigureText.count(reading.total(kind)))
      add("\(kind)-rate", FigureText.rate(reading.rate(kind)))
      add("\(kind)-peak", FigureText.rate(peak))
      lines.append(("\(kind)", Self.points(rates, peak: peak)))
    }
  }

  private mutating func add(_ commits: CommitTimes, rate: Double) {
    add("commit-rate", FigureText.rate(rate))
    add("commit-mean", commits.count == 0 ? "–" : FigureText.milliseconds(commits.mean))
    add("commit-longest", commits.count == 0 ? "–" : FigureText.milliseconds(commits.longest))
  }

  private mutating func add(_ name: String, _ text: String) { texts.append((name, text)) }

  private static func points(_ rates: [Double], peak: Double) -> String {
    let step = lineWidth / max(1, rates.count - 1)
    return rates.enumerated().map { index, rate in
      let height = peak > 0 ? Int((rate / peak * lineHeight).rounded()) : 0
      return "\(index * step),\(46 - height)"
    }.joined(separator: " ")
  }
}
