internal import TokenEngine
internal import TokenLedger

/// A page with the results of a search: live sessions and, on demand, the ended ones of a subject.
struct SessionListPage {
  /// The search that was asked for.
  struct Query {
    var subject: String?
    var client: String?
    var cursor: SessionCursor?
    var wantsEnded = false

    var scope: SessionScope {
      switch (subject, client) {
      case (nil, nil): .all
      case (let subject?, nil): .subject(subject)
      case (nil, let client?): .client(client)
      case (let subject?, let client?): .subjectAtClient(subject: subject, client: client)
      }
    }

    /// Returns the query of a link to the same search.
    func text(after cursor: SessionCursor? = nil, ended: Bool = false) -> String {
      var parts: [String] = []
      if let subject { parts.append("subject=\(FigureText.escaped(subject))") }
      if let client { parts.append("client=\(FigureText.escaped(client))") }
      if let cursor { parts.append("after=\(FigureText.escaped(cursor.text))") }
      if ended { parts.append("ended=1") }
      return parts.isEmpty ? "" : "?" + parts.joined(separator: "&")
    }
  }

  static let pageCount = 50

  let frame: ConsoleFrame
  let query: Query
  let page: SessionPage
  let ended: LookBack<EndedSessions>?
  let notice: HTML
  let now: Timestamp

  var body: HTML {
    """
    <div class="heading"><h1>Sessions</h1></div>
    \(notice)
    <form method="get" action="\(frame.path("/sessions"))" class="panel search" role="search">
    <div><label for="subject">Subject, or a session's id</label>
    <input id="subject" name="subject" value="\(query.subject ?? "")" autocapitalize="none" spellcheck="false"></div>
    <div><label for="client">Client <span class="quiet">(any, if empty)</span></label>
    <input id="client" name="client" value="\(query.client ?? "")" autocapitalize="none" spellcheck="false"></div>
    <button class="primary">Find</button>
    </form>
    \(sessionLink)
    <section class="panel" aria-labelledby="live">
    <div class="heading"><h2 id="live">\(title)</h2>\(revokeAll)</div>
    \(live)
    \(next)
    </section>
    \(endedSection)
    """
  }

  private var title: HTML {
    switch query.scope {
    case .all: "Live sessions"
    case let scope: "Live sessions: \(LedgerText.words(scope))"
    }
  }

  /// The link to a session, in case the typed text is its id.
  private var sessionLink: HTML {
    guard let text = query.subject, let id = SessionID(text: text) else { return "" }
    return """
      <p class="notice plain">This may be a session's id: <a href="\(frame.path("/sessions/\(id.text)"))">show the session \
      <code>\(id.text)</code></a></p>
      """
  }

  private var revokeAll: HTML {
    guard let subject = query.subject, query.client == nil, !page.sessions.isEmpty else { return "" }
    let target = frame.path("/revoke?subject=\(FigureText.escaped(subject))")
    return "<a class=\"button danger\" href=\"\(target)\">Revoke all of them…</a>"
  }

  private var live: HTML {
    guard !page.sessions.isEmpty else { return "<p class=\"quiet\">No live session was found.</p>" }
    return """
      <table role="table">
      <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Session</th>\
      <th role="columnheader" scope="col">Subject</th><th role="columnheader" scope="col">Client</th>\
      <th role="columnheader" scope="col">Label</th><th role="columnheader" scope="col">Opened</th>\
      <th role="columnheader" scope="col">Last used</th><th role="columnheader" scope="col">Ends</th></tr></thead>
      <tbody role="rowgroup">\(page.sessions.map(row))</tbody>
      </table>
      """
  }

  private func row(_ session: Session) -> HTML {
    """
    <tr role="row"><td role="cell" data-label="Session">\(link(session.id))</td>
    <td role="cell" data-label="Subject">\(subject(session.subject))</td>
    <td role="cell" data-label="Client">\(FigureText.name(session.client))</td>
    <td role="cell" data-label="Label">\(session.label.map(FigureText.name) ?? "–")</td>
    <td role="cell" data-label="Opened">\(FigureText.age(session.openedAt, at: now))</td>
    <td role="cell" data-label="Last used">\(FigureText.age(session.refreshedAt, at: now))</td>
    <td role="cell" data-label="Ends">\(FigureText.age(session.expiresAt, at: now))</td></tr>
    """
  }

  private func link(_ id: SessionID) -> HTML {
    "<a href=\"\(frame.path("/sessions/\(id.text)"))\"><code>\(id.text)</code></a>"
  }

  private func subject(_ name: String) -> HTML {
    let target = frame.path("/sessions?subject=\(FigureText.escaped(name))")
    return "<a href=\"\(target)\">\(FigureText.name(name))</a>"
  }

  private var next: HTML {
    guard let next = page.next else { return "" }
    return
      "<p><a class=\"button\" href=\"\(frame.path("/sessions"))\(query.text(after: next))\" rel=\"next\">More…</a></p>"
  }

  private var endedSection: HTML {
    guard query.subject != nil, query.client == nil else { return "" }
    guard let ended else {
      return """
        <p><a class="button" href="\(frame.path("/sessions"))\(query.text(ended: true))">Look for ended sessions too</a>
        <span class="quiet">This reads the \(frame.store.history).</span></p>
        """
    }
    let content: HTML
    switch ended {
    case .found(let ended) where ended.sessions.isEmpty:
      content = "<p class=\"quiet\">\(frame.store.noEndedSessions)</p>\(frame.store.extent(ended.extent))"
    case .found(let ended): content = "\(table(ended))\(frame.store.extent(ended.extent))"
    case .unknown(let why): content = why
    }
    return "<section class=\"panel\" aria-labelledby=\"ended\"><h2 id=\"ended\">Ended sessions</h2>\(content)</section>"
  }

  private func table(_ ended: EndedSessions) -> HTML {
    let rows = ended.sessions.map { ended -> HTML in
      """
      <tr role="row"><td role="cell" data-label="Session">\(link(ended.session.id))</td>
      <td role="cell" data-label="Client">\(FigureText.name(ended.session.client))</td>
      <td role="cell" data-label="Label">\(ended.session.label.map(FigureText.name) ?? "–")</td>
      <td role="cell" data-label="Opened">\(FigureText.time(ended.session.onWallClock.openedAt))</td>
      <td role="cell" data-label="Ended">\(FigureText.time(ended.endedAt))</td>
      <td role="cell" data-label="How">\(LedgerText.words(ended.end))</td></tr>
      """
    }
    let omitted: HTML =
      ended.omittedCount == 0
      ? "" : "<p class=\"quiet\">\(FigureText.count(ended.omittedCount)) that ended earlier are not shown.</p>"
    return """
      <table role="table">
      <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Session</th>\
      <th role="columnheader" scope="col">Client</th><th role="columnheader" scope="col">Label</th>\
      <th role="columnheader" scope="col">Opened (UTC)</th><th role="columnheader" scope="col">Ended (UTC)</th>\
      <th role="columnheader" scope="col">How</th></tr></thead>
      <tbody role="rowgroup">\(rows)</tbody>
      </table>
      \(omitted)
      """
  }
}
