import TokenHTTP

/// The text that `serve` prints once it listens.
struct StartBanner {
  /// The URL of the server with the path prefix, without a slash at its end.
  let url: String
  /// The URL for clients on this machine.
  let reachableURL: String
  /// The path of the certificate for curl, which may not know its issuer, or nil for plaintext.
  let certificatePath: String?
  let store: StorePlace
  /// The name by which the command was called, for lines that call it again.
  let command: String

  /// Returns the place, followed by the lines to paste after a first start, or by the way to log in after a later one.
  func text(_ first: FirstStart, wantsClient: Bool) -> String {
    let place = "refresh-ledger \(Release.version) listens on \(url), \(store.words)\n"
    guard first.password != nil || first.secret != nil else { return place + reminder }
    return place + secrets(first, wantsClient: wantsClient) + trial(wantsClient: wantsClient)
  }

  var reminder: String {
    let what: String
    let user: String
    switch store {
    case .folder:
      what = "Passwords and secrets were printed at the first start only. A new password, a new client:"
      user = "users password \(FirstStart.userName)"
    case .database:
      what = "Users and clients are in the database. A new user, a new client:"
      user = "users add NAME"
    }
    return """
      \(what)
        printf '%s\\n' 'NEW PASSWORD' | \(command) \(user) \(store.options) --password-stdin
        printf '%s\\n' 'NEW SECRET' | \(command) clients add NAME \(store.options) --secret-stdin

      """
  }

  func secrets(_ first: FirstStart, wantsClient: Bool) -> String {
    let password = first.password ?? "PASSWORD OF \(FirstStart.userName)"
    let client = "\(FirstStart.clientID):\(first.secret ?? "SECRET OF \(FirstStart.clientID)")"
    return """

      Made \(first.made.joined(separator: " and ")). Their secrets are shown only this once; keep them.
      Paste into a shell to try it:

      URL=\(ShellText.quoted(reachableURL)) NAME=\(FirstStart.userName) PASSWORD='\(password)'\(wantsClient ? " CLIENT='\(client)'" : "")
      EXPIRED=\(first.expiredToken)

      """
  }

  /// Returns the lines that try the server in any POSIX shell with curl and sed.
  func trial(wantsClient: Bool) -> String {
    let client = wantsClient ? "-u \"$CLIENT\" " : ""
    let curl = "curl -sS" + (certificatePath.map { " --cacert \(ShellText.quoted($0))" } ?? "")
    return #"""
      member() { printf '%s' "$REPLY" | sed -n 's/.*"'"$1"'" *: *"\([^"]*\)".*/\1/p'; }

      echo '--- log in'
      REPLY=$(\#(curl) \#(client)-d grant_type=password --data-urlencode "username=$NAME" --data-urlencode "password=$PASSWORD" "$URL/token"); echo "$REPLY"
      FIRST=$(member refresh_token)

      echo '--- rotate: a new pair for the refresh token'
      REPLY=$(\#(curl) \#(client)-d grant_type=refresh_token -d "refresh_token=$FIRST" "$URL/token"); echo "$REPLY"
      ACCESS=$(member access_token)

      echo '--- a protected route'
      \#(curl) -H "Authorization: Bearer $ACCESS" "$URL/me"; echo

      echo '--- a public route with a good bearer, an expired one, a broken one'
      \#(curl) -H "Authorization: Bearer $ACCESS" "$URL/public"; echo
      \#(curl) -H "Authorization: Bearer $EXPIRED" "$URL/public"; echo
      \#(curl) -H "Authorization: Bearer ${ACCESS}broken" "$URL/public"; echo

      echo '--- present the consumed refresh token again: refused'
      \#(curl) -w ' (%{http_code})\n' \#(client)-d grant_type=refresh_token -d "refresh_token=$FIRST" "$URL/token"


      """#
  }
}

extension StartBanner {
  /// Creates the banner of a server with these settings that listens on `port`.
  init(_ settings: ServerSettings, store: StorePlace, port: Int) {
    self.init(
      url: settings.url(port: port), reachableURL: settings.reachableURL(port: port),
      certificatePath: settings.certificate?.certificate, store: store,
      command: ShellText.quoted(CommandLine.arguments.first ?? "refresh-ledger"))
  }
}
