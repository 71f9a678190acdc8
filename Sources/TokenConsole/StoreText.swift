internal import TokenEngine
internal import TokenLedger

/// The words of the pages for the place of the sessions: a log or memory of this process alone, or a database that
/// other instances use too.
struct StoreText: Sendable {
  private let store: LedgerStore
  /// True if an embedded ledger has a log.
  private let hasLog: Bool

  init(_ store: LedgerStore, hasLog: Bool = true) {
    self.store = store
    self.hasLog = hasLog
  }

  init(of engine: RotationEngine) {
    self.init(engine.store, hasLog: engine.recovery != nil)
  }

  /// True if other instances have the same sessions.
  var isShared: Bool { store != .embedded }

  /// The title of the page about the store.
  var title: String { isShared ? "Database" : "Log" }

  /// The text on each page that names the ledger.
  var foot: HTML {
    switch store {
    case .embedded where hasLog: "Sessions are in the log of this server alone."
    case .embedded: "Sessions are in this process alone."
    case .postgres(let name): "Sessions are in PostgreSQL, \(name). \(Self.oneOfSeveral)"
    case .other(let name): "Sessions are in \(name). \(Self.oneOfSeveral)"
    }
  }

  private static let oneOfSeveral =
    "This is one instance of several: sessions are those of all, rates and totals its own."

  /// The place of the store, for a list of facts.
  var place: String {
    switch store {
    case .embedded: hasLog ? "the log of this server" : "this process"
    case .postgres(let name): "PostgreSQL, \(name)"
    case .other(let name): name
    }
  }

  // MARK: - History

  /// The word for what is read, as a singular subject.
  var history: String { isShared ? "history" : "log" }

  /// Returns the name of an event's number, as the commands have it too.
  func number(_ sequence: UInt64) -> HTML {
    isShared ? "event \(FigureText.count(sequence))" : "record \(FigureText.count(sequence))"
  }

  /// The texts for the beginning of the known history.
  var beginning: (title: HTML, detail: HTML) {
    isShared
      ? ("Here the events begin", "What was before is not kept any more.")
      : ("Here the log begins, with a checkpoint", "What was before is not in the log any more.")
  }

  var noHistory: HTML {
    isShared
      ? "No events of it are kept." : "The log tells nothing of it."
  }

  var noEndedSessions: HTML { isShared ? "No events tell of one." : "The log tells of none." }

  /// Returns the text about the amount that was read.
  func extent(_ extent: HistoryExtent) -> HTML {
    let count = FigureText.count(extent.recordCount)
    guard extent.isWhole else {
      guard !isShared else {
        return """
          <p class="notice bad">There are many events: reading was stopped after \(count), and what is newer is missing here.</p>
          """
      }
      return """
        <p class="notice bad">The log is long: reading was stopped after \(count) records, and what is newer is missing here.
        <code>refresh-ledger log history</code> reads all of it.</p>
        """
    }
    return isShared
      ? "<p class=\"quiet\">All that is kept of it was read: \(count) events.</p>"
      : "<p class=\"quiet\">All of the log was read: \(count) records.</p>"
  }

  // MARK: - State

  /// Checks whether changes are accepted and everything is known that verifiers must know.
  static func isWell(_ health: LedgerHealth) -> Bool { health.acceptsChanges && !health.isFeedStale }

  func words(_ health: LedgerHealth) -> String {
    switch health.state {
    case .closed: return "Not ready: the \(isShared ? "ledger" : "log") is closed, and only a restart opens it again"
    case _ where health.refusesAccess:
      return "Not ready: what others revoke is not heard of, so access tokens are refused"
    case .stalled: return isShared ? "No changes: the database does not answer" : "Not ready: the disk does not answer"
    case .unavailable where isShared: return "No changes: the database cannot be reached"
    case .unavailable: return "Not ready: the ledger cannot be reached"
    case .acceptsChanges where health.isFeedStale: return "Changes are accepted; what others revoke is not heard of"
    case .acceptsChanges: return "Ready: changes are accepted"
    }
  }

  /// Returns the urgent message for an operator, empty if there is none.
  func trouble(_ health: LedgerHealth, at now: Timestamp) -> HTML {
    let why: HTML
    switch health.state {
    case .closed(let reason): why = "\(reason)"
    case .unavailable(let since) where isShared:
      why = """
        The database has not been reached for \(FigureText.span(milliseconds: max(0, now.millisecondsSince(since)))). Tokens are verified and
        keys published; whatever would change something is answered 503 until it is back.
        """
    case _ where health.refusesAccess:
      why = "What other instances revoke was not heard of for too long. Access tokens are answered 503 until it is."
    case _ where health.isFeedStale:
      why = "What other instances revoke was not heard of for too long: what they revoked since is accepted here."
    default: return ""
    }
    return "<p class=\"notice bad\" role=\"alert\">\(why)</p>"
  }
}
