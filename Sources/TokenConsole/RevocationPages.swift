internal import TokenEngine
internal import TokenLedger

/// The pages that ask before anything is revoked.
enum RevocationPages {
  static func session(_ session: Session, _ frame: ConsoleFrame, _ visitor: ConsoleVisitor, at now: Timestamp) -> HTML {
    let here = frame.path("/sessions/\(session.id.text)")
    return """
      <div class="door wide">
      <h1>Revoke this session?</h1>
      <form method="post" action="\(here)/revoke" class="panel stack">\(visitor.formField)
      <dl class="facts">
      <div><dt>Session</dt><dd><code>\(session.id.text)</code></dd></div>
      <div><dt>Subject</dt><dd>\(FigureText.name(session.subject))</dd></div>
      <div><dt>Client</dt><dd>\(FigureText.name(session.client))</dd></div>
      <div><dt>Label</dt><dd>\(session.label.map(FigureText.name) ?? "–")</dd></div>
      <div><dt>Last used</dt><dd>\(FigureText.age(session.usedAt, at: now))</dd></div>
      </dl>
      <p>Its refresh token and its access tokens are refused from then on. Whoever uses it must log in again. This cannot be undone.</p>
      <p class="actions"><button class="danger">Revoke the session</button> <a class="button" href="\(here)">Cancel</a></p>
      </form>
      </div>
      """
  }

  static func subject(_ subject: String, count: Int, _ frame: ConsoleFrame, _ visitor: ConsoleVisitor) -> HTML {
    // In the address, not in a field: what stands in a page has lost the marks that turn the direction of text.
    let back = frame.path("/sessions?subject=\(FigureText.escaped(subject))")
    return """
      <div class="door wide">
      <h1>Revoke all sessions of \(FigureText.name(subject))?</h1>
      <form method="post" action="\(frame.path("/revoke?subject=\(FigureText.escaped(subject))"))" class="panel stack">\(visitor.formField)
      <dl class="facts"><div><dt>Subject</dt><dd>\(FigureText.name(subject))</dd></div>
      <div><dt>Sessions</dt><dd>\(FigureText.count(count))</dd></div></dl>
      <p>All that are open now end, at every client. The subject must log in again, and may. This cannot be undone.</p>
      <p class="actions"><button class="danger">Revoke all of them</button> <a class="button" href="\(back)">Cancel</a></p>
      </form>
      </div>
      """
  }
}
