internal import TokenEngine
internal import TokenLedger

/// One session: what it is, and its life as the log tells it.
struct TimelinePage {
  let frame: ConsoleFrame
  let id: SessionID
  /// Nil where it is not live.
  let live: Session?
  let history: LookBack<SessionHistory>
  let notice: HTML
  let now: Timestamp

  /// Nil where nothing is known of the session.
  var session: Session? {
    if let live { return live }
    guard case .found(let history) = history else { return nil }
    return history.session
  }

  var body: HTML {
    """
    <div class="heading"><h1>Session <code>\(id.text)</code></h1>\(state)</div>
    \(notice)
    \(facts)
    <section class="panel" aria-labelledby="life">
    <h2 id="life">Its life</h2>
    \(life)
    </section>
    """
  }

  private var state: HTML {
    if live != nil { return "<p class=\"pill good\">Live</p>" }
    return session == nil ? "<p class=\"pill bad\">Not live</p>" : "<p class=\"pill bad\">Ended</p>"
  }

  private var facts: HTML {
    guard let session else { return "" }
    let subject = frame.path("/sessions?subject=\(FigureText.escaped(session.subject))")
    let scope: HTML = session.scope.isEmpty ? "–" : "\(session.scope)"
    return """
      <section class="panel" aria-label="Facts">
      <dl class="facts wide">
      <div><dt>Subject</dt><dd><a href="\(subject)">\(FigureText.name(session.subject))</a></dd></div>
      <div><dt>Client</dt><dd>\(FigureText.name(session.client))</dd></div>
      <div><dt>Label</dt><dd>\(session.label.map(FigureText.name) ?? "–")</dd></div>
      <div><dt>Scope</dt><dd>\(scope)</dd></div>
      <div><dt>Refresh token</dt><dd>\(rotation(session))</dd></div>
      <div><dt>Opened (UTC)</dt><dd>\(FigureText.time(session.onWallClock.openedAt))</dd></div>
      <div><dt>Last used (UTC)</dt><dd>\(FigureText.time(session.onWallClock.usedAt))</dd></div>
      \(ends(session))
      </dl>
      \(revoke)
      </section>
      """
  }

  private func rotation(_ session: Session) -> HTML {
    session.rotation == .always
      ? "generation \(session.generation), rotated at each refresh" : "never rotated, used \(session.generation) times"
  }

  private func ends(_ session: Session) -> HTML {
    guard live != nil else { return "" }
    return """
      <div><dt>Ends if unused (UTC)</dt><dd>\(FigureText.time(session.onWallClock.idleEnd))</dd></div>
      <div><dt>Ends at the latest (UTC)</dt><dd>\(FigureText.time(session.onWallClock.absoluteEnd))</dd></div>
      """
  }

  private var revoke: HTML {
    guard live != nil else { return "" }
    return """
      <p><a class="button danger" href="\(frame.path("/sessions/\(id.text)/revoke"))">Revoke this session…</a></p>
      """
  }

  private var life: HTML {
    switch history {
    case .unknown(let why): return why
    case .found(let history):
      guard !history.events.isEmpty else {
        return "<p class=\"quiet\">The log tells nothing of it.</p>\(LookBackText.extent(history.extent))"
      }
      return """
        <p class="quiet">Times are UTC.</p>
        <ol class="timeline">\(TimelineText.items(of: history))</ol>
        \(LookBackText.extent(history.extent))
        """
    }
  }
}
