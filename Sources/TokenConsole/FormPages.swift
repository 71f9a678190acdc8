internal import HTTPTypes
internal import TokenEngine
internal import TokenLedger

/// The pages for visitors that are not signed in.
enum SignInPages {
  static func signIn(_ frame: ConsoleFrame, _ fault: ConsoleError?) -> HTML {
    """
    <div class="door">
    <h1>Sign in</h1>
    \(NoticeText.alert(fault))
    <form method="post" action="\(frame.path("/sign-in"))" class="panel stack">
    <label for="client">Admin client</label>
    <input id="client" name="client_id" autocomplete="username" autocapitalize="none" spellcheck="false" required>
    <label for="secret">Secret</label>
    <input id="secret" name="client_secret" type="password" autocomplete="current-password" required>
    <button class="primary">Sign in</button>
    </form>
    <p class="quiet">An admin client is one that was added with <code>refresh-ledger clients add ID --admin</code>.
    Without one, open a one-time link: <code>refresh-ledger serve</code> prints it at its start, and a new one at each
    <code>kill -USR1</code>.</p>
    </div>
    """
  }

  /// Returns the page of a one-time link.
  ///
  /// Opening it does nothing by itself, so that a program that follows links beforehand does not use it up.
  static func link(_ frame: ConsoleFrame, secret: String) -> HTML {
    """
    <div class="door">
    <h1>Open the console</h1>
    <form method="post" action="\(frame.path("/link"))" class="panel stack">
    <p>You followed a one-time link. It signs in this browser, once.</p>
    <input type="hidden" name="secret" value="\(secret)">
    <button class="primary" autofocus>Sign in</button>
    </form>
    </div>
    """
  }
}

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
      <div><dt>Last used</dt><dd>\(FigureText.age(session.refreshedAt, at: now))</dd></div>
      </dl>
      <p>Its refresh token and its access tokens are refused from then on. Whoever uses it must log in again. This cannot be undone.</p>
      <p class="actions"><button class="danger">Revoke the session</button> <a class="button" href="\(here)">Cancel</a></p>
      </form>
      </div>
      """
  }

  static func subject(_ subject: String, count: Int, _ frame: ConsoleFrame, _ visitor: ConsoleVisitor) -> HTML {
    // The name is in the URL and not in a field: text in a page has lost the marks that change its direction.
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

/// The boxes that tell what was done or refused.
enum NoticeText {
  static func alert(_ fault: ConsoleError?) -> HTML {
    guard let fault else { return "" }
    return "<p class=\"notice bad\" role=\"alert\">\(fault.text)</p>"
  }

  static func done(_ text: String) -> HTML { "<p class=\"notice good\" role=\"status\">\(text)</p>" }

  /// Returns the notice that this many sessions of a subject were revoked.
  static func revoked(_ count: Int) -> HTML {
    switch count {
    case ...0: done("This subject had no live session; nothing was revoked.")
    case 1: done("The only session of this subject was revoked.")
    default: done("All sessions of this subject were revoked: \(count).")
    }
  }

  /// Returns a whole page.
  static func page(_ fault: ConsoleError, _ frame: ConsoleFrame) -> HTML {
    """
    <div class="door">
    <h1>Not done</h1>
    \(alert(fault))
    <p><a href="\(frame.base)">Back to the overview</a></p>
    </div>
    """
  }
}
