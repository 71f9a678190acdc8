internal import TokenEngine
internal import TokenLedger

/// A page about one session: its properties, and its history as the ledger has it.
struct TimelinePage {
  let frame: ConsoleFrame
  let id: SessionID
  /// The session if it is live, or nil.
  let live: Session?
  let history: LookBack<SessionHistory>
  let notice: HTML
  let now: Timestamp

  /// The session, or nil if nothing is known of it.
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
      <div><dt>Bound to</dt><dd>\(binding(session))</dd></div>
      <div><dt>Opened (UTC)</dt><dd>\(FigureText.time(session.onWallClock.openedAt))</dd></div>
      <div><dt>Last used (UTC)</dt><dd>\(FigureText.time(session.onWallClock.refreshedAt))</dd></div>
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

  private func binding(_ session: Session) -> HTML {
    session.keys.lifelong.map { "the key <code>\($0.description)</code>" } ?? "no key"
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
        return "<p class=\"quiet\">\(frame.store.noHistory)</p>\(frame.store.extent(history.extent))"
      }
      return """
        <p class="quiet">Times are UTC.</p>
        <ol class="timeline">\(TimelineText(store: frame.store).items(of: history))</ol>
        \(frame.store.extent(history.extent))
        """
    }
  }
}

/// The history of a session as items of a list.
struct TimelineText {
  let store: StoreText

  /// The number of consecutive rotations from which on they are folded into one item.
  private static let foldMin = 4

  private enum Tone: String {
    case good, plain, note, bad, end, gap
  }

  func items(of history: SessionHistory) -> [HTML] {
    var items: [HTML] = []
    var rest = history.events[...]
    while let event = rest.first {
      let run = rest.prefix(while: isPlainUse)
      if run.count >= Self.foldMin, let last = run.last {
        items.append(fold(Array(run), last))
        rest = rest.dropFirst(run.count)
      } else {
        items.append(item(event))
        rest = rest.dropFirst()
      }
      if items.count == 1, history.omittedCount > 0 { items.append(gap(history.omittedCount)) }
    }
    if let revokedAt = history.revokedAt {
      items.append(item(.end, revokedAt, nil, "Revoked", "The checkpoint tells no more of it."))
    }
    return items
  }

  private func isPlainUse(_ event: AuditEvent) -> Bool {
    switch event.fact {
    case .rotated, .refreshed: true
    default: false
    }
  }

  private func item(_ event: AuditEvent) -> HTML {
    let (tone, title, detail) = words(event.fact)
    return item(tone, event.time, event.sequence, title, detail)
  }

  private func item(
    _ tone: Tone, _ time: Timestamp, _ sequence: UInt64?, _ title: HTML, _ detail: HTML
  ) -> HTML {
    let number: HTML = sequence.map { "<span class=\"quiet\">\(store.number($0))</span>" } ?? ""
    return """
      <li class="\(tone.rawValue)"><p class="when">\(FigureText.time(time, exact: true)) \(number)</p>
      <p class="what">\(title)</p><p class="quiet">\(detail)</p></li>
      """
  }

  private func gap(_ count: Int) -> HTML {
    "<li class=\"gap\"><p class=\"what\">\(FigureText.count(count)) events are not shown</p></li>"
  }

  private func fold(_ run: [AuditEvent], _ last: AuditEvent) -> HTML {
    let rows = run.map { event -> HTML in
      "<li>\(FigureText.time(event.time, exact: true)) \(words(event.fact).title)</li>"
    }
    return """
      <li class="plain"><p class="when">until \(FigureText.time(last.time, exact: true))</p>
      <p class="what">Refreshed \(run.count) times in a row</p>
      <details><summary>Show each</summary><ol class="run">\(rows)</ol></details></li>
      """
  }

  private func words(_ fact: AuditEvent.Fact) -> (tone: Tone, title: HTML, detail: HTML) {
    switch fact {
    case .opened(_, let subject, let client, let scope, _):
      let scopes: HTML = scope.isEmpty ? "no scope" : "the scope \(scope)"
      return (.good, "Opened", "For \(FigureText.name(subject)) at \(FigureText.name(client)), with \(scopes).")
    case .rotated(let token, _, _): return (.plain, "Rotated to generation \(token.generation)", "")
    case .refreshed(let token, _, _): return (.plain, "Refreshed, the \(FigureText.ordinal(token.generation)) time", "")
    case .retried(let token, _, _, let reuse):
      return (
        .note, "Pair repeated: replayed in the grace window",
        "The token before generation \(token.generation) came again: \(LedgerText.words(reuse))."
      )
    case .successorSeen(let token, _, _):
      return (.note, "Grace window closed", "The access token of generation \(token.generation) was used.")
    case .reused(let token, _, _, let reuse, let behind, let revoked):
      let end: HTML = revoked ? "The session was revoked with it." : "The session goes on, by rotation.reuse."
      return (
        .bad, "Reused: a used refresh token came again",
        "Generation \(token.generation), \(behind) behind: \(LedgerText.words(reuse)). \(end)"
      )
    case .revoked(_, _, _, let cause): return (.end, "\(LedgerText.words(cause))", "")
    case .revokedAll(let scope): return (.end, "Revoked with \(LedgerText.words(scope))", "")
    case .accessRevoked(let token, let end):
      return (
        .note, "Access token of generation \(token.generation) revoked",
        "It is refused until its end, \(FigureText.time(end)). The session goes on."
      )
    case .expired: return (.end, "Expired", "Its time was over.")
    case .missed: return (.gap, store.beginning.title, store.beginning.detail)
    case .oneTimeIssued, .oneTimeConsumed: return (.note, "A one-time token of this id", "")
    }
  }
}
