internal import HTTPTypes

/// The pages of whoever is not signed in.
enum SignInPages {
  static func signIn(_ frame: ConsoleFrame, _ fault: ConsoleFault?) -> HTML {
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

  /// Opening the link alone does nothing, so that whatever looks at links beforehand does not use it up.
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
