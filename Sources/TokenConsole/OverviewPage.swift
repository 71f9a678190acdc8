internal import TokenEngine
internal import TokenLedger

/// The first page: the current activity, the activity since the start, and what needs an operator's attention.
struct OverviewPage {
  let frame: ConsoleFrame
  let figures: LiveFigures

  var body: HTML {
    """
    <div class="heading">
    <h1>Overview</h1>
    \(figures.statePill)
    </div>
    \(figures.trouble)
    <section class="cards" data-live="\(frame.path("/live"))" aria-label="Now">
    \(card("Live sessions", "live-sessions", "", note: entries, line: nil))
    \(card("Rotations", "rotated-rate", "/s", note: peak("rotated"), line: "rotated"))
    \(card("Sessions opened", "opened-rate", "/s", note: peak("opened"), line: "opened"))
    \(card("Refusals", "refused-rate", "/s", note: peak("refused"), line: "refused"))
    </section>
    <div class="columns">
    <section class="panel" aria-labelledby="totals">
    <h2 id="totals">Since the start</h2>
    <dl class="facts">
    \(total("Sessions opened", "opened"))
    \(total("Tokens rotated", "rotated"))
    \(total("Pairs repeated in the grace window", "retried"))
    \(total("Grants refused", "refused"))
    \(total("Used tokens presented again", "reused"))
    \(total("Revocations", "revoked"))
    </dl>
    </section>
    \(frame.store.isShared ? DatabasePage(frame: frame, figures: figures).summary : log)
    </div>
    <section class="panel" aria-labelledby="alarms">
    <h2 id="alarms">Worth a look <span class="quiet">(times are UTC)</span></h2>
    \(alarms)
    </section>
    <p class="quiet" data-script hidden>The figures renew themselves every 3 seconds.</p>
    <noscript><p class="quiet">Without scripts the figures are those of the moment when this page was loaded.</p></noscript>
    """
  }

  private var log: HTML {
    """
    <section class="panel" aria-labelledby="log">
    <h2 id="log">Log</h2>
    <dl class="facts">
    <div><dt>Durable record</dt><dd>\(figures["durable"])</dd></div>
    <div><dt>Records waiting for the disk</dt><dd>\(figures["lag"])</dd></div>
    <div><dt>Commits</dt><dd>\(figures["commit-rate"]) /s</dd></div>
    <div><dt>Commit, mean of the last minute</dt><dd>\(figures["commit-mean"])</dd></div>
    <div><dt>Commit, longest of the last minute</dt><dd>\(figures["commit-longest"])</dd></div>
    <div><dt>Grown since the checkpoint</dt><dd>\(figures["since-checkpoint"])</dd></div>
    </dl>
    </section>
    """
  }

  private var entries: HTML {
    frame.store.isShared ? "of all instances" : "entries in memory: \(figures["entries"])"
  }

  private func peak(_ name: String) -> HTML { "\(figures["\(name)-peak"]) /s at most in 5 min" }

  private func card(_ title: String, _ figure: String, _ unit: String, note: HTML, line: String?) -> HTML {
    let drawing: HTML = line.map { figures.line($0) } ?? ""
    return """
      <div class="card"><h2>\(title)</h2>
      <p class="big">\(figures[figure])<span class="unit">\(unit)</span></p>
      \(drawing)<p class="quiet">\(note)</p></div>
      """
  }

  private func total(_ title: String, _ kind: String) -> HTML {
    "<div><dt>\(title)</dt><dd>\(figures["\(kind)-total"])</dd></div>"
  }

  private var alarms: HTML {
    guard !figures.alarms.isEmpty else {
      return "<p class=\"quiet\">No token was used twice and nothing was revoked since the start.</p>"
    }
    return "<ul class=\"alarms\">\(figures.alarms.map(row))</ul>"
  }

  private func row(_ alarm: ConsoleAlarm) -> HTML {
    let (what, isBad) = words(alarm.what)
    let link: HTML =
      alarm.session.map { "<a href=\"\(frame.path("/sessions/\($0.text)"))\"><code>\($0.text)</code></a>" } ?? ""
    let tone = isBad ? "bad" : "plain"
    return """
      <li class="\(tone)">\(FigureText.time(alarm.time)) <span>\(what)</span> \(link)</li>
      """
  }

  private func words(_ what: ConsoleAlarm.What) -> (HTML, isBad: Bool) {
    switch what {
    case .reused(let client, let reuse, let revoked):
      let end: HTML = revoked ? ", which ended its session" : ""
      return (
        "A used refresh token came again at \(FigureText.name(client)) (\(LedgerText.words(reuse)))\(end)",
        reuse != .retry
      )
    case .neverIssued(let client):
      return ("A token ahead of the ledger came at \(FigureText.name(client)): the ledger was rolled back", true)
    case .revoked: return ("A session was revoked", false)
    case .revokedAll(let scope): return ("All sessions were revoked: \(LedgerText.words(scope))", false)
    case .checkpointFailed(let why): return ("A checkpoint failed: \(why)", true)
    case .clockStepped(let shift):
      return shift > 0
        ? ("The wall clock is \(shift) s behind the time that tokens were issued at", true)
        : ("The wall clock was set", true)
    case .databaseUnavailable(let why): return ("The database could not be reached: \(why)", true)
    case .databaseAvailable: return ("The database answered again", false)
    case .databaseFenced(let fix): return ("The database has lost acknowledged changes: \(fix)", true)
    case .databaseDamaged(let what): return ("A row of the database cannot be read: \(what)", true)
    case .feedStale: return ("What other instances revoke was not heard of any more", true)
    case .feedCaughtUp: return ("What other instances revoked was known again", false)
    case .policyDiffers(let before, let now):
      return ("The instance before this one had another policy: \(before), and this one \(now)", true)
    }
  }
}
