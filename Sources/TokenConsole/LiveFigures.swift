internal import HTTPTypes
internal import Hummingbird
internal import TokenEngine
internal import TokenHTTP
internal import TokenLedger

/// The figures that a page shows and, if its script can run, renews every few seconds.
///
/// Each is formatted only here.
struct LiveFigures: Sendable {
  private var texts: [(name: String, text: String)] = []
  private var lines: [(name: String, points: String)] = []
  let alarms: [ConsoleAlarm]
  let log: LogHealth
  let health: LedgerHealth
  /// The ledger's time at which the figures were read.
  let time: Timestamp
  private let store: StoreText

  static let lineWidth = 236
  private static let lineHeight = 44.0

  /// Reads the figures.
  ///
  /// This costs one turn of the ledger's actor, and never waits for the disk.
  static func read(_ engine: RotationEngine, _ activity: ConsoleActivity) async -> LiveFigures {
    LiveFigures(await engine.logHealth, engine, activity.read())
  }

  private init(_ log: LogHealth, _ engine: RotationEngine, _ reading: ActivityReading) {
    self.log = log
    (health, time, store) = (engine.health, engine.time, StoreText(of: engine))
    alarms = reading.alarms
    add(log.ledger)
    add(reading)
    if store.isShared {
      addDatabase()
    } else {
      add(reading.lastCommits, rate: reading.commitRate)
    }
    if let files = log.files { add(files) }
    add("state", store.words(health))
  }

  /// The markup of a figure, which the script can find; a dash if there is none.
  subscript(name: String) -> HTML {
    "<span data-figure=\"\(name)\">\(texts.first { $0.name == name }?.text ?? "–")</span>"
  }

  /// The state of the server as every page of figures shows it.
  var statePill: HTML {
    let tone = StoreText.isWell(health) ? "good" : "bad"
    return "<p class=\"pill \(tone)\" data-state>\(self["state"])</p>"
  }

  /// The urgent message for an operator.
  var trouble: HTML { store.trouble(health, at: time) }

  /// Returns the last five minutes as a line, beside which the figures stand in words.
  func line(_ name: String) -> HTML {
    let points = lines.first { $0.name == name }?.points ?? ""
    return """
      <svg class="line" viewBox="0 0 \(Self.lineWidth) 48" preserveAspectRatio="none" aria-hidden="true">\
      <polygon data-area="\(name)" points="0,48 \(points) \(Self.lineWidth),48"/>\
      <polyline data-line="\(name)" points="\(points)"/></svg>
      """
  }

  /// The reply to the script's request.
  var json: Response {
    var body = JSONObjectWriter(capacity: 4096)
    body.add("ready", StoreText.isWell(health))
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

  private mutating func add(_ ledger: LedgerStatistics) {
    add("live-sessions", FigureText.count(ledger.liveSessions))
    add("entries", FigureText.count(ledger.entries))
    add("durable", FigureText.count(ledger.durableSequence))
    guard !store.isShared else { return }
    add("staged", FigureText.count(ledger.sequence))
    add("lag", FigureText.count(ledger.sequence - min(ledger.sequence, ledger.durableSequence)))
    add("since-checkpoint", FigureText.bytes(ledger.logBytes))
  }

  private mutating func addDatabase() {
    var away = "–"
    if case .unavailable(let since) = health.state {
      away = FigureText.span(milliseconds: max(0, time.millisecondsSince(since)))
    }
    add("away", away)
    add("feed-age", health.feedAge.map(FigureText.milliseconds) ?? "–")
    add("clock-shift", "\(health.clockShiftSeconds) s")
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
