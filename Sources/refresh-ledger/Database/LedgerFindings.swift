#if Postgres
import TokenEngine
import TokenLedgerPostgres

/// The findings on the tables of a ledger in a database. Judges facts that were read before, and asks nobody.
struct LedgerFindings {
  let settings: StoreSettings
  /// The issuer of the settings; nil if they set none.
  let issuer: String?
  let server: ServerSurvey
  /// Nil where the schema has no ledger.
  let ledger: LedgerSurvey?

  private var options: String { StorePlace(settings, folder: "").options }

  func findings() -> [DoctorFinding] {
    guard let ledger else {
      return [
        .problem(
          "schema", "\(settings.schema): there is no ledger in it",
          fix: "refresh-ledger database init \(options) --issuer URL")
      ]
    }
    let schema = schema(ledger)
    guard schema.verdict == .ok else { return [schema] }
    return [schema, state(ledger), timeline(ledger), issuer(ledger)] + keys(ledger) + accounts(ledger)
      + [feed(ledger), clock(ledger), sizes(ledger), events(ledger)].compactMap(\.self)
  }

  private func schema(_ ledger: LedgerSurvey) -> DoctorFinding {
    let what = "\(settings.schema): version \(ledger.version)"
    if ledger.oldestProgram > DatabaseSchema.version {
      return .problem(
        "schema", "\(what), for programs that know version \(ledger.oldestProgram)",
        fix: "install a newer refresh-ledger")
    }
    if ledger.version < DatabaseSchema.version {
      return .problem(
        "schema", "\(what), and this program needs \(DatabaseSchema.version)",
        fix: "refresh-ledger database init \(options)")
    }
    return .ok("schema", what)
  }

  private func state(_ ledger: LedgerSurvey) -> DoctorFinding {
    let fenced = ledger.fence == 0 ? "" : "; it was fenced \(ledger.fence == 1 ? "once" : "\(ledger.fence) times")"
    switch ledger.state {
    case "open": return .ok("state", "open\(fenced)")
    case "copying":
      return .problem(
        "state", "a folder is being moved into it: servers refuse to serve",
        fix: "wait for refresh-ledger database adopt, run it again, or undo it with --undo")
    case "left":
      return .problem("state", "its sessions have left for a folder", fix: "serve that folder, or adopt it again")
    default: return .problem("state", "\(ledger.state), which this program does not know", fix: "install a newer one")
    }
  }

  private func timeline(_ ledger: LedgerSurvey) -> DoctorFinding {
    if server.timeline < ledger.timeline {
      return .problem(
        "timeline",
        "the server is on timeline \(server.timeline), and the ledger was on \(ledger.timeline): a primary that was replaced",
        fix: "name the present primary in store.database")
    }
    if server.timeline > ledger.timeline {
      return .note("timeline", "\(server.timeline), new since the last server connected: a standby was promoted")
    }
    return .ok("timeline", "\(ledger.timeline)")
  }

  private func issuer(_ ledger: LedgerSurvey) -> DoctorFinding {
    switch (ledger.issuer, issuer) {
    case (nil, nil):
      .problem("issuer", "none is set", fix: "refresh-ledger database init \(options) --issuer URL, or tokens.issuer")
    case (nil, let mine?): .note("issuer", "\(mine), by tokens.issuer; the next start of a server keeps it")
    case (let kept?, let mine?) where kept != mine:
      .problem(
        "issuer", "the database's is \(kept), and tokens.issuer is \(mine): servers refuse to start",
        fix: "set tokens.issuer to the database's, or leave it out")
    case (let kept?, _): .ok("issuer", kept)
    }
  }

  private func keys(_ ledger: LedgerSurvey) -> [DoctorFinding] {
    let count = ledger.records["key"] ?? 0
    if count == 0, settings.keyFolder.isEmpty {
      return [
        .problem(
          "keys", "there are none in the database", fix: "set store.masterKey: the first server that starts makes them")
      ]
    }
    if count > 0, !settings.keyFolder.isEmpty {
      return [
        .warning(
          "keys", "there are some in the database, and store.keyFolder names files",
          fix: "set store.masterKey, or see that every server has the same files")
      ]
    }
    if settings.masterKeys.isEmpty, settings.keyFolder.isEmpty {
      return [.note("keys", "they are in the database, sealed; give --master-key to see whether they open")]
    }
    return []
  }

  private func accounts(_ ledger: LedgerSurvey) -> [DoctorFinding] {
    [("user", "users add NAME", "--password-stdin"), ("client", "clients add ID", "--secret-stdin")].map {
      (kind, command, secret) in
      let count = Int(clamping: ledger.records[kind] ?? 0)
      guard count == 0 else { return .ok("\(kind)s", "\(count)") }
      return .warning("\(kind)s", "there are none", fix: "refresh-ledger \(command) \(options) \(secret)")
    }
  }

  /// Whether servers are at work: each writes the time down once a second.
  private func feed(_ ledger: LedgerSurvey) -> DoctorFinding {
    let age = ledger.nowMilliseconds - ledger.highMilliseconds
    let words = FigureText.time(seconds: Double(max(0, age)) / 1000)
    guard age > 3000 else {
      return .ok("servers", "one wrote \(age < 1000 ? "within the last second" : "\(words) ago")")
    }
    return .note("servers", "none has written for \(words)")
  }

  private func clock(_ ledger: LedgerSurvey) -> DoctorFinding? {
    guard ledger.shiftMilliseconds >= 1000 else { return nil }
    let shift = FigureText.time(seconds: Double(ledger.shiftMilliseconds) / 1000)
    return .warning(
      "shift",
      "the ledger's time is \(shift) ahead of the database's clock, which was behind once; tokens carry the shift",
      fix: "if the database's clock is wrong, set it; the shift stays")
  }

  private func sizes(_ ledger: LedgerSurvey) -> DoctorFinding {
    .note(
      "sizes",
      "about \(FigureText.count(Int(clamping: ledger.sessions))) sessions in \(FigureText.bytes(Double(ledger.sessionBytes))), "
        + "events in \(FigureText.bytes(Double(ledger.eventBytes)))")
  }

  private func events(_ ledger: LedgerSurvey) -> DoctorFinding {
    guard let oldest = ledger.oldestEventMilliseconds else { return .note("events", "there are none yet") }
    let time = LogRecordLine.time(Timestamp(milliseconds: oldest))
    return .note("events", "the oldest is of \(time); they are kept for \(QuantityText.text(settings.eventRetention))")
  }
}
#endif
