/// A page about a ledger that several instances share, as this instance sees it.
struct DatabasePage {
  let frame: ConsoleFrame
  let figures: LiveFigures

  var body: HTML {
    """
    <div class="heading"><h1>Database</h1>\(figures.statePill)</div>
    \(figures.trouble)
    <div class="columns" data-live="\(frame.path("/live"))">
    <section class="panel" aria-labelledby="ledger">
    <h2 id="ledger">Ledger</h2>
    <dl class="facts">
    <div><dt>Where</dt><dd>\(frame.store.place)</dd></div>
    \(fact("Live sessions, of all instances", "live-sessions"))
    \(fact("Last event", "durable"))
    \(fact("Its time ahead of the clock", "clock-shift"))
    </dl>
    </section>
    <section class="panel" aria-labelledby="instance">
    <h2 id="instance">This instance</h2>
    <dl class="facts">
    \(facts)
    </dl>
    </section>
    </div>
    <section class="panel" aria-labelledby="meaning">
    <h2 id="meaning">What it means</h2>
    <dl class="facts wide">
    <div><dt>Not reached</dt><dd>Nothing can be changed: 503, and a retry is safe within the grace window. Tokens are verified and keys
    published, so a balancer may go on sending requests here.</dd></div>
    <div><dt>News of the others</dt><dd>How long ago this instance last heard what others revoke: mostly well below a second.
    Past <code>store.staleAfter</code> a token that was revoked elsewhere may be accepted here, or with <code>store.onStale: refuse</code>
    none is.</dd></div>
    <div><dt>Unknown outcomes</dt><dd>A connection broke before the database had answered: the change may have been made. The
    caller was told to try again.</dd></div>
    </dl>
    </section>
    """
  }

  /// The section on the overview.
  var summary: HTML {
    """
    <section class="panel" aria-labelledby="log">
    <h2 id="log">Database</h2>
    <dl class="facts">
    <div><dt>Where</dt><dd>\(frame.store.place)</dd></div>
    \(facts)
    </dl>
    </section>
    """
  }

  private var facts: HTML {
    """
    \(fact("News of the others, age", "feed-age"))
    \(fact("Not reached for", "away"))
    \(fact("Not reached, times since the start", "outage-total"))
    \(fact("Unknown outcomes since the start", "unknown-total"))
    """
  }

  private func fact(_ title: String, _ figure: String) -> HTML {
    "<div><dt>\(title)</dt><dd>\(figures[figure])</dd></div>"
  }
}
