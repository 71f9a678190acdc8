import TokenEngine
import TokenHTTP

/// The settings of the cookies for pages, with what a fault needs that shows itself only once the client is read.
struct CookieSettings {
  /// The id of the client, empty for no cookies.
  var client = ""
  /// The path of the cookie, empty for every path.
  var path = ""
  var endsEverywhere = false
  /// The beginning of a message about the client: its place, key and value; empty without a client.
  var clientPlace = ""
  /// The place of the grace window of clients without one of their own.
  var gracePlace = ""

  /// Returns the routes if there is a client, which must be fit for them, or nil without one.
  ///
  /// `storeOptions` are the options that name the store, for the commands in messages.
  func routes(
    for clients: any ClientStore, engine: EngineOptions, storeOptions: String
  ) async throws(CommandError) -> CookieRoutes? {
    guard !client.isEmpty else { return nil }
    do {
      return try await CookieRoutes.make(
        client: client, cookie: RefreshCookie(path: path.isEmpty ? nil : path), endsEverywhere: endsEverywhere,
        clients: clients, options: engine)
    } catch let fault as CookieClientFault {
      throw CommandError(.configuration, message(of: fault, storeOptions: storeOptions))
    } catch {
      throw CommandError(.temporary, "\(clientPlace) cannot be looked up: \(error); try again")
    }
  }

  /// Returns the message with the place, the fault and its fix.
  func message(of fault: CookieClientFault, storeOptions: String) -> String {
    "\(clientPlace) \(words(for: fault, storeOptions))"
  }

  private func words(for fault: CookieClientFault, _ storeOptions: String) -> String {
    let least = Limits.cookieGrace.text
    let add = "refresh-ledger clients add \(ShellText.quoted(client)) \(storeOptions) --public --grace 30s"
    return switch fault {
    case .unknown: "is not a client of this server; add it: \(add)"
    case .confidential: "has a secret, which a page cannot keep; name a public client, or make one: \(add)"
    case .withoutRefresh: "may not use the grant refresh_token; name another, or remove it and add it: \(add)"
    case .shortGrace(_, let grace, isOwn: true):
      "has a grace window of its own, \(QuantityText.text(grace)), but cookies need one \(least), so that two tabs can share "
        + "a rotation; remove it and add it: \(add)"
    case .shortGrace(_, let grace, isOwn: false):
      "has the grace window of rotation.grace (\(gracePlace)), \(QuantityText.text(grace)), but cookies need one \(least), so that "
        + "two tabs can share a rotation; set rotation.grace to 30s, or give the client its own (clients add --grace)"
    case .needsProof(_, isOwn: true):
      "must send proofs of a key (--dpop required), and pages with a cookie send none; name another, or make one: \(add)"
    case .needsProof(_, isOwn: false):
      "stands beside dpop.mode required, and pages with a cookie send no proofs; set dpop.mode to optional"
    case .otherPath(let path):
      "stands beside cookies.path \"\(path.shown)\", which is that of the log-in or the log-out alone; write the path above"
    }
  }
}
