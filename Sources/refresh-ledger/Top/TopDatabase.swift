#if Postgres
import TokenLedgerPostgres

/// The ledger in a database, read beside the servers that share it.
struct TopDatabase: TopSource {
  private let settings: StoreSettings
  private let schema: SchemaName
  private var connection: DatabaseConnection?
  private var number: Int64?
  private var began = ContinuousClock.now

  /// The longest time of one reading.
  private static let patience = Duration.seconds(10)

  init(_ settings: StoreSettings) throws(CommandError) {
    self.settings = settings
    title = settings.databaseName
    do { schema = try SchemaName(settings.schema) } catch { throw CommandError(error, at: settings.databaseName) }
  }

  let title: String
  var rowHeader: String { TopDatabaseReading.rowHeader }

  mutating func begin() async throws(CommandError) { _ = try look() }

  mutating func read() async throws(CommandError) -> TopDatabaseReading {
    let before = began
    let pulse = try look()
    return TopDatabaseReading(pulse, seconds: max(0.001, (began - before) / .seconds(1)))
  }

  /// Reads over the present connection, or another one if that was lost.
  private mutating func look() throws(CommandError) -> LedgerPulse {
    let deadline = ContinuousClock.now + Self.patience
    let open: DatabaseConnection
    if let connection { open = connection } else { open = try settings.connectToPrimary(deadline: deadline) }
    do throws(DatabaseError) {
      let pulse = try LedgerPulse.read(open, schema: schema, after: number, deadline: deadline)
      (connection, number, began) = (open, pulse.number, .now)
      return pulse
    } catch {
      open.close()
      connection = nil
      throw CommandError(error, at: title)
    }
  }
}

/// The events that were written to a database between two readings.
struct TopDatabaseReading: TopReading {
  var seconds: Double
  /// The number of sessions, as PostgreSQL estimates it.
  var sessions: Int64
  var lastSequence: Int64
  var connections: Int64
  /// The age of the newest time that a server recorded.
  var ageSeconds: Double
  /// The events a second.
  var events: Double
  /// The events a second by kind, without kinds that did not occur.
  var kinds: [String: Double]

  init(_ pulse: LedgerPulse, seconds: Double) {
    func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
    self.seconds = rounded(seconds)
    sessions = pulse.sessions
    lastSequence = pulse.number
    connections = pulse.connections
    ageSeconds = Double(pulse.ageMilliseconds) / 1000
    events = rounded(Double(pulse.kinds.values.reduce(0, +)) / seconds)
    kinds = [:]
    for (kind, count) in pulse.kinds { kinds[kind.word] = rounded(Double(count) / seconds) }
  }

  var rate: Double { kinds["rotated"] ?? 0 }

  static let widths = [12, 10, 10, 10, 10, 12, 12]

  static var rowHeader: String {
    line(["SESSIONS ~", "EVENTS/s", "ROTATED/s", "OPENED/s", "REUSED/s", "CONNECTIONS", "LAST EVENT"])
  }

  var row: String {
    Self.line([
      FigureText.number(Double(sessions)), Self.number(events), Self.number(rate), Self.number(kinds["opened"] ?? 0),
      Self.number(kinds["reused"] ?? 0), "\(connections)", "\(lastSequence)",
    ])
  }

  func lines(history: [Double]) -> [String] {
    let age = FigureText.latency(seconds: ageSeconds)
    return [
      "", "about \(FigureText.number(Double(sessions))) sessions; the last event is \(lastSequence)",
      "\(connections) connections of servers; one of them wrote \(age) ago", "A SECOND",
      Self.named("events", FigureText.number(events, decimals: 1)),
      Self.named("rotations", FigureText.number(rate, decimals: 1)),
      "  " + Sparkline.text(history, width: TopScreen.historyCount), "", "EVENTS A SECOND, BY KIND",
    ] + Self.lines(byKind: kinds)
  }
}

extension EventRow.Kind {
  /// The kind as in the text of an event: `successor_seen`.
  fileprivate var word: String {
    var word = ""
    for character in "\(self)" { word += character.isUppercase ? "_\(character.lowercased())" : "\(character)" }
    return word
  }
}
#endif
