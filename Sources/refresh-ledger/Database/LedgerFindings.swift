#if Postgres
import TokenEngine
import TokenLedgerPostgres
import TokenSigning

/// The findings on the tables of a ledger in a database.
///
/// It judges facts that were read before, and asks no server.
struct LedgerFindings {
  let settings: ServerSettings
  /// True if the settings are all of a server's, and not only those of a store.
  let isWhole: Bool
  let server: ServerSurvey
  /// The ledger, or nil if the schema has none.
  let ledger: LedgerSurvey?

  private var store: StoreSettings { settings.store }
  private var options: String { StorePlace(store, folder: "").options }

  func findings() -> [DoctorFinding] {
    guard let ledger else {
      return [
        .problem(
          "schema", "\(store.schema): there is no ledger in it",
          fix: "refresh-ledger database init \(options) --issuer URL")
      ]
    }
    let schema = schema(ledger)
    guard schema.verdict == .ok else { return [schema] }
    return [schema, state(ledger), timeline(ledger), issuer(ledger)] + keys(ledger) + accounts(ledger)
      + [feed(ledger), clock(ledger), sizes(ledger), events(ledger)].compactMap(\.self)
  }

  private func schema(_ ledger: LedgerSurvey) -> DoctorFinding {
    let what = "\(store.schema): version \(ledger.version)"
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
        "state", "a folder is being moved into it: instances refuse to serve",
        fix: "wait for refresh-ledger database adopt, run it again, or undo it with --undo")
    case "lacking":
      return .problem(
        "state", "it lacks what an instance had acknowledged\(fenced): instances refuse to serve",
        fix: "promote the database server that has all of it, or run refresh-ledger database fence")
    case "left":
      return .problem(
        "state", "its sessions have left for a folder",
        fix: "serve that folder, or move it into a new schema with refresh-ledger database adopt")
    default: return .problem("state", "\(ledger.state), which this program does not know", fix: "install a newer one")
    }
  }

  private func timeline(_ ledger: LedgerSurvey) -> DoctorFinding {
    if server.timeline < ledger.timeline {
      return .problem(
        "timeline",
        "the database server is on timeline \(server.timeline), and the ledger was on \(ledger.timeline): it is a primary that has been replaced",
        fix: "name the current primary in store.database")
    }
    if server.timeline > ledger.timeline {
      return .note("timeline", "\(server.timeline), new since the last instance connected: a standby was promoted")
    }
    return .ok("timeline", "\(ledger.timeline)")
  }

  private func issuer(_ ledger: LedgerSurvey) -> DoctorFinding {
    switch (ledger.issuer, settings.isIssuerSet ? settings.engine.issuer : nil) {
    case (nil, nil):
      .problem("issuer", "none is set", fix: "refresh-ledger database init \(options) --issuer URL, or tokens.issuer")
    case (nil, let mine?): .note("issuer", "\(mine), from tokens.issuer; the next instance that starts keeps it")
    case (let kept?, let mine?) where kept != mine:
      .problem(
        "issuer", "the database's is \(kept), and tokens.issuer is \(mine): instances refuse to start",
        fix: "set tokens.issuer to the database's, or leave it out")
    case (let kept?, _): .ok("issuer", kept)
    }
  }

  private func keys(_ ledger: LedgerSurvey) -> [DoctorFinding] {
    let isSealed = !ledger.sealedKeys.isEmpty
    do throws(KeyError) {
      if !store.keyFolder.isEmpty {
        let found = findings(of: try TokenKeys.open(folder: store.keyFolder))
        guard isSealed else { return found }
        return found + [
          .warning(
            "keys", "there are also some in the database, which no instance with store.keyFolder uses",
            fix: "set store.keyFolder on every instance, or store.masterKey on every instance")
        ]
      }
      guard !store.masterKeys.isEmpty else {
        return isSealed
          ? [.note("keys", "they are in the database, sealed", fix: "give --master-key to check whether it opens them")]
          : [
            .problem(
              "keys", "there are none in the database", fix: "refresh-ledger database init \(options) --master-key FILE"
            )
          ]
      }
      let masterKeys = try MasterKeys(files: store.masterKeys)
      guard isSealed else {
        return [.note("keys", "there are none yet; the first start of an instance or database init makes them")]
      }
      let source = SealedKeys(
        SurveyedKeys(ledger), masterKeys: masterKeys, publication: KeyPublication(staleAfter: store.staleAfter))
      return findings(of: try TokenKeys.open(source))
    } catch {
      return [.problem("keys", error.description)]
    }
  }

  private func findings(of keys: TokenKeys) -> [DoctorFinding] {
    KeyFindings(keys: keys, settings: isWhole ? settings : nil, options: options).findings()
  }

  private func accounts(_ ledger: LedgerSurvey) -> [DoctorFinding] {
    [("user", "users add NAME", "--password-stdin"), ("client", "clients add ID", "--secret-stdin")].map {
      (kind, command, secret) in
      let count = Int(clamping: ledger.records[kind] ?? 0)
      guard count == 0 else { return .ok("\(kind)s", "\(count)") }
      return .warning("\(kind)s", "there are none", fix: "refresh-ledger \(command) \(options) \(secret)")
    }
  }

  /// Returns the finding whether servers are at work: each records the time once a second.
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
      "the ledger's time is \(shift) ahead of the database's clock, which was once behind; tokens carry the shift",
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
    return .note("events", "the oldest is from \(time); they are kept for \(QuantityText.text(store.eventRetention))")
  }
}

/// The keys of a survey, which can be read and not written.
private struct SurveyedKeys: KeyRecordStore {
  private let found: KeyRecords

  init(_ ledger: LedgerSurvey) {
    let records = ledger.sealedKeys.mapValues { KeyRecords.Record(body: $0, change: 0) }
    found = KeyRecords(records, nowMilliseconds: ledger.nowMilliseconds)
  }

  var lastChange: Int64 { 0 }

  func readKeyRecords() -> KeyRecords { found }

  func writeKeyRecord(_ name: String, _ body: [UInt8], expecting change: Int64?) throws(KeyError) -> Bool { false }
}
#endif
