#if Postgres
import TokenEngine
import TokenLedgerPostgres

/// The findings on a database and its safety for serving.
///
/// It judges facts that were read before, and asks no server.
struct DatabaseFindings {
  /// A host of the address, with its answer.
  struct Host {
    var name: String
    var answer: Result<Answer, DatabaseError>

    struct Answer {
      var survey: ServerSurvey
      /// The process id that the connection received; behind a pooler it differs from the survey's.
      var processID: Int64
      /// The time by which the server's clock is ahead of this machine's.
      var clockAhead: Duration
    }
  }

  let settings: StoreSettings
  let hosts: [Host]

  private static let oldestServer: Int64 = 140_000
  private static let bytesBehindMax: Int64 = 64 << 20
  private static let keptBytesMax: Int64 = 1 << 30
  private static let transactionMillisecondsMax: Int64 = 300_000
  /// The most unfrozen transactions.
  ///
  /// Autovacuum freezes at 200 million by itself, and PostgreSQL stops at 2^31.
  private static let unfrozenMax: Int64 = 1_000_000_000

  /// The answer of the host at which sessions are changed, or nil if none is a primary.
  var primary: Host.Answer? {
    hosts.compactMap { try? $0.answer.get() }.filter { !$0.survey.isInRecovery }
      .max { $0.survey.timeline < $1.survey.timeline }
  }

  func findings() -> [DoctorFinding] {
    var findings = hosts.flatMap(host)
    guard let primary else {
      // Each of the other hosts has its own problem.
      guard hosts.contains(where: { (try? $0.answer.get()) != nil }) else { return findings }
      return findings + [
        .problem(
          "primary", "every host that answers is a standby",
          fix: "name the primary's host in store.database, or promote a standby")
      ]
    }
    findings += server(primary) + replication(primary.survey) + durability(primary.survey)
    return findings + upkeep(primary.survey) + [connections(primary.survey), clock(primary)]
  }

  private func host(_ host: Host) -> [DoctorFinding] {
    switch host.answer {
    case .failure(let error):
      // The other hosts are sufficient: an address names several in case one is down.
      let isAlone = primary == nil
      return [
        isAlone
          ? .problem("host", "\(host.name): \(error.words)", fix: DatabaseFailure.fix(of: error))
          : .warning(
            "host", "\(host.name): \(error.words)", fix: DatabaseFailure.fix(of: error) ?? "start it again")
      ]
    case .success(let answer):
      let survey = answer.survey
      let what = "\(host.name): PostgreSQL \(Self.version(survey.version)), timeline \(survey.timeline)"
      if survey.isInRecovery { return [.note("host", "\(what), a standby")] }
      guard let first = primary?.survey, survey.timeline >= first.timeline else {
        return [
          .problem(
            "host", "\(what): a primary on a lower timeline than another's: it was cut off, or comes from a backup",
            fix: "stop it and make it a standby of the other (pg_rewind)")
        ]
      }
      guard survey.systemIdentifier == first.systemIdentifier else {
        return [
          .problem(
            "host", "\(what): a primary of another cluster than the other host's",
            fix: "name the hosts of one cluster only"
          )
        ]
      }
      return [.ok("host", "\(what), the primary")]
    }
  }

  private static func version(_ number: Int64) -> String { "\(number / 10_000).\(number % 10_000)" }

  private func server(_ answer: Host.Answer) -> [DoctorFinding] {
    let survey = answer.survey
    var findings: [DoctorFinding] = []
    if survey.version < Self.oldestServer {
      findings.append(
        .problem("server", "PostgreSQL \(Self.version(survey.version)) is below 14", fix: "pg_upgrade to 14 or newer"))
    }
    if survey.processID != answer.processID {
      findings.append(
        .problem(
          "server", "there is a pooler in between: it would mix this ledger's steps with those of others",
          fix: "name PostgreSQL's own address in store.database"))
    }
    if survey.encoding != "UTF8" {
      findings.append(
        .problem(
          "server", "the encoding of the database is \(survey.encoding)", fix: "create database NAME encoding 'UTF8'"))
    }
    return findings
  }

  private func durability(_ survey: ServerSurvey) -> [DoctorFinding] {
    var findings: [DoctorFinding] = []
    for (name, loss) in [
      ("fsync", "a power failure loses what was acknowledged, and more"),
      ("full_page_writes", "a power failure can leave torn pages"),
    ] where survey.settings[name] == "off" {
      findings.append(
        .problem("durability", "\(name) is off: \(loss)", fix: "alter system set \(name) = on; select pg_reload_conf()")
      )
    }
    return findings.isEmpty ? [.ok("durability", "fsync and full_page_writes are on")] : findings
  }

  // MARK: - Replication

  private func replication(_ survey: ServerSurvey) -> [DoctorFinding] {
    let names = survey.settings["synchronous_standby_names"] ?? ""
    let commit = survey.settings["synchronous_commit"] ?? ""
    guard settings.standby == .required else {
      return [
        .note(
          "standby", "store.standby is none: a commit is as safe as this server's storage",
          fix: "this is right on one machine, or if the storage is replicated below PostgreSQL; otherwise set required")
      ]
    }
    let reload = "select pg_reload_conf()"
    guard !names.isEmpty else {
      return [
        .problem(
          "standby", "synchronous_standby_names is empty: a failover would bring consumed tokens back",
          fix: "alter system set synchronous_standby_names = 'ANY 1 (NAME, NAME)'; \(reload); or store.standby: none")
      ]
    }
    var findings: [DoctorFinding] = []
    if commit != "on", commit != "remote_apply" {
      findings.append(
        .problem(
          "standby", "synchronous_commit is \(commit): a commit does not wait until a standby has it on disk",
          fix: "alter system set synchronous_commit = on; \(reload)"))
    }
    return findings + standbys(survey, names: names)
  }

  private func standbys(_ survey: ServerSurvey, names: String) -> [DoctorFinding] {
    guard survey.standbys.allSatisfy({ $0.state != nil }) else {
      let count = survey.standbys.count
      return [
        .note(
          "standby", "\(FigureText.counted(count, "standby")) of \(names), whose state \(survey.role) cannot see",
          fix: "grant pg_monitor to \(survey.role)")
      ]
    }
    guard survey.standbys.contains(where: \.isSynchronous) else {
      return [
        .problem(
          "standby", "PostgreSQL waits for \(names), and no such standby is connected: nothing is answered",
          fix: "start a standby, or name those that are there")
      ]
    }
    let missing = Self.names(in: names).filter { name in
      !survey.standbys.contains { $0.name.lowercased() == name.lowercased() }
    }
    return survey.standbys.map(standby)
      + missing.map { name in
        .warning(
          "standby", "\(name): named in synchronous_standby_names, and not connected",
          fix: "see that standby's log; if it is gone for good, take it out of the list")
      }
  }

  /// Returns the names in `synchronous_standby_names`, such as `ANY 1 (s2, "s 3")`, `2 (a, b)` or `a, b`; none for `*`,
  /// which stands for any.
  static func names(in setting: String) -> [String] {
    let list = setting.split(separator: "(", maxSplits: 1).last.map { $0.prefix { $0 != ")" } } ?? ""
    return list.split(separator: ",").map { name in
      String(name.drop { $0 == " " || $0 == "\"" }.reversed().drop { $0 == " " || $0 == "\"" }.reversed())
    }.filter { !$0.isEmpty && $0 != "*" }
  }

  private func standby(_ standby: ServerSurvey.Standby) -> DoctorFinding {
    let name = standby.name.isEmpty ? "a standby without a name" : standby.name
    let behind = standby.bytesBehind.map { ", \(FigureText.bytes(Double(max(0, $0)))) behind" } ?? ""
    let lag =
      standby.flushLagMilliseconds.map { ", a flush takes \(FigureText.latency(seconds: Double($0) / 1000))" } ?? ""
    let what = "\(name): \(standby.state ?? "?"), \(standby.synchrony ?? "?")\(behind)\(lag)"
    guard standby.state == "streaming", (standby.bytesBehind ?? 0) <= Self.bytesBehindMax else {
      return .warning("standby", what, fix: "see that standby's log; do not promote it before it has caught up")
    }
    return .ok("standby", what)
  }

  // MARK: - Upkeep

  /// Returns the findings on what fills the disk or stops the server although everything seems well.
  private func upkeep(_ survey: ServerSurvey) -> [DoctorFinding] {
    var findings: [DoctorFinding] = []
    if let age = survey.oldestTransactionMilliseconds, age > Self.transactionMillisecondsMax {
      findings.append(
        .warning(
          "transactions",
          "one has been open for \(FigureText.time(seconds: Double(age) / 1000)): old versions of rows that changed since are kept, and refreshes get slower",
          fix: "end it (pg_stat_activity, pg_prepared_xacts); set idle_in_transaction_session_timeout for people"))
    }
    if survey.unfrozenTransactions > Self.unfrozenMax {
      findings.append(
        .problem(
          "transactions",
          "the oldest is \(FigureText.count(Int(clamping: survey.unfrozenTransactions))) transactions old: at 2,147,483,648 PostgreSQL accepts no more changes",
          fix: "find what keeps vacuum from freezing it (open transactions, slots), then vacuum freeze"))
    }
    for (slot, bytes) in survey.keptBytes.sorted(by: { $0.key < $1.key }) where bytes > Self.keptBytesMax {
      findings.append(
        .warning(
          "slots", "\(slot) keeps \(FigureText.bytes(Double(bytes))) of log for a standby that is not connected",
          fix: "start that standby, or select pg_drop_replication_slot('\(slot)'); max_slot_wal_keep_size limits it"))
    }
    return findings.isEmpty
      ? [.ok("upkeep", "no old transaction, and no log kept for a standby that is gone")] : findings
  }

  // MARK: - Connections and clock

  private func connections(_ survey: ServerSurvey) -> DoctorFinding {
    let most =
      (survey.settings["max_connections"].flatMap { Int64($0) } ?? 0)
      - (survey.settings["superuser_reserved_connections"].flatMap { Int64($0) } ?? 0)
    let each = Int64(settings.connections) + 1
    let free = max(0, most - survey.connections)
    let what =
      "\(survey.connections) of \(most) are in use, \(survey.ledgerConnections) by instances of this ledger; "
      + "there is room for \(free / each) more instances with \(each) each"
    let fix = "raise max_connections, or lower store.connections"
    switch free / each {
    case 0 where survey.ledgerConnections == 0: return .problem("connections", what, fix: fix)
    case 0: return .warning("connections", what, fix: fix)
    default: return .ok("connections", what)
    }
  }

  private func clock(_ answer: Host.Answer) -> DoctorFinding {
    let clock = ClockDifference(ahead: answer.clockAhead)
    let fix = "\(ClockDifference.fix); tokens carry the database's time"
    switch clock.size {
    case ..<ClockDifference.notable: return .ok("clock", "the database's and this machine's differ by less than 2 s")
    case ..<ClockDifference.harmful: return .warning("clock", clock.words, fix: fix)
    default:
      return .problem("clock", "\(clock.words): verifiers other than its servers would refuse tokens", fix: fix)
    }
  }
}
#endif
