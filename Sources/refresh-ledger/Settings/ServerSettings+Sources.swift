import TokenEngine
import TokenHTTP

extension ServerSettings {
  /// Reads the settings from `sources`, and checks them one by one and against each other.
  init(_ sources: SettingSources) throws(CommandError) {
    self = .standard
    for setting in Setting.all { try read(setting, sources) }
    engine.durability = durability.durability(syncInterval)
    if sources.text(.limitsConnectionsPerAddress) == nil, isExposed, !http.trustsProxy {
      http.connectionsPerAddressMax = Self.exposedConnectionsPerAddress
    }
    isIssuerSet = sources.text(.tokensIssuer) != nil
    isAudienceSet = !engine.audience.isEmpty
    issue(as: engine.issuer)
    try refuseUnsafeAddress(sources)
    try refuseContradictions(sources)
    try settleCookies(sources)
    try refuseUselessProofs(sources)
    try settleStore(sources)
  }

  /// Reads only the sections `store` and `tokens`, for commands on the store: the other settings do not concern them.
  init(storeOf sources: SettingSources) throws(CommandError) {
    self = .standard
    for setting in Setting.store + Setting.tokens { try read(setting, sources) }
    isIssuerSet = sources.text(.tokensIssuer) != nil
    try settleStore(sources)
  }

  private mutating func read(_ setting: Setting, _ sources: SettingSources) throws(CommandError) {
    guard let text = sources.text(setting.key) else { return }
    do throws(SettingError) {
      try setting.value.read(text, &self)
    } catch {
      throw sources.fault(setting.key, error.description)
    }
  }

  private func refuseUnsafeAddress(_ sources: SettingSources) throws(CommandError) {
    switch (certificatePath.isEmpty, certificateKeyPath.isEmpty) {
    case (true, true), (false, false): break
    case (false, true):
      throw sources.fault(.httpCertificate, "is set without http.tls.key; name the certificate's private key too")
    case (true, false):
      throw sources.fault(.httpKey, "is set without http.tls.certificate; name the certificate too")
    }
    guard certificate != nil || !isExposed || allowsPlaintext else {
      throw sources.fault(
        .httpHost,
        "is reachable from other machines, and passwords would cross the network in the clear; name a certificate in "
          + "http.tls, write 127.0.0.1 with a TLS proxy in front of it, or set http.allowPlaintext to true in a network you trust"
      )
    }
  }

  /// Refuses settings that contradict each other.
  ///
  /// Only explicit values can; a default gives way.
  private func refuseContradictions(_ sources: SettingSources) throws(CommandError) {
    if sources.text(.sessionsRefreshTTL) != nil, engine.idleLifetime > engine.absoluteLifetime {
      throw sources.fault(
        .sessionsRefreshTTL, "is longer than sessions.maxAge, which ends the session first; shorten it or raise maxAge")
    }
    if sources.text(.tokensAccessTTL) != nil, engine.accessLifetime > engine.absoluteLifetime {
      throw sources.fault(
        .tokensAccessTTL,
        "is longer than sessions.maxAge: the token would outlive its session; shorten it or raise maxAge")
    }
    if engine.grace > .zero, engine.grace >= engine.idleLifetime {
      throw sources.fault(
        .rotationGrace, "is not shorter than sessions.refreshTTL; shorten it or raise refreshTTL")
    }
  }

  /// Checks the settings of cookies against each other and the path of the routes, and keeps their places: only the
  /// client, which is not read yet, shows the other faults.
  private mutating func settleCookies(_ sources: SettingSources) throws(CommandError) {
    guard !cookies.client.isEmpty else {
      let fault = "is set without cookies.client; name the public client of the pages too"
      guard cookies.path.isEmpty else { throw sources.fault(.cookiesPath, fault) }
      guard !cookies.endsEverywhere else { throw sources.fault(.cookiesEverywhere, fault) }
      return
    }
    let refresh = http.pathPrefix + CookieRoutes.refreshPath
    // A proxy can have the routes elsewhere.
    guard cookies.path.isEmpty || http.trustsProxy || "\(refresh)/".hasPrefix("\(cookies.path)/") else {
      throw sources.fault(
        .cookiesPath,
        "is not above \(refresh), where browsers must send the cookie; write \(http.pathPrefix)/session, or set "
          + "http.trustProxy behind a proxy that has the routes elsewhere")
    }
    cookies.clientPlace = "\(sources.place(of: .cookiesClient)): cookies.client \"\(cookies.client.shown)\""
    cookies.gracePlace = sources.place(of: .rotationGrace)
  }

  private func refuseUselessProofs(_ sources: SettingSources) throws(CommandError) {
    if engine.dpop.window.wholeMilliseconds % 1000 != 0 {
      throw sources.fault(.dpopWindow, "has a fraction of a second; write whole seconds, as 60s")
    }
    if engine.dpop.mode == .off, engine.dpop.asksForNonces {
      throw sources.fault(.dpopNonce, "cannot be combined with dpop.mode off, which ignores proofs; delete one")
    }
    if engine.dpop.mode == .required, http.wire == .romm {
      throw sources.fault(
        .dpopMode,
        "cannot be combined with wire: romm, whose clients send no proofs; write optional or off, or wire: standard")
    }
  }

  /// Decides on the kind of the store, and refuses settings that contradict it.
  private mutating func settleStore(_ sources: SettingSources) throws(CommandError) {
    if !store.database.isEmpty {
      // A database on the command line takes precedence over a kind from elsewhere.
      guard sources.text(.storeKind) == nil || store.kind == .postgres || sources.isFlag(.storeDatabase) else {
        throw sources.fault(
          .storeKind,
          "cannot be combined with store.database (\(sources.place(of: .storeDatabase))); write postgres, or delete the database"
        )
      }
      store.kind = .postgres
    }
    guard store.kind == .postgres else { return }
    guard !store.database.isEmpty else {
      throw sources.fault(.storeKind, "is set without store.database; name it, such as postgresql://user@host/database")
    }
    guard store.masterKeys.isEmpty || store.keyFolder.isEmpty else {
      throw sources.fault(
        .storeKeyFolder,
        "cannot be combined with store.masterKey: keys are either in files or in the database; delete one of the two")
    }
    if let key = SettingKey.allCases.first(where: { $0.isOfLog && sources.text($0) != nil }) {
      throw sources.fault(
        key, "is for the log of store.kind embedded, but the kind is postgres, which has no log; delete it")
    }
  }
}
