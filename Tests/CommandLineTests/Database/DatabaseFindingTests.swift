#if Postgres
import Testing
@testable import TokenLedgerPostgres

@testable import refresh_ledger

@Suite("The findings on a database")
struct DatabaseFindingTests {
  private typealias Host = DatabaseFindings.Host

  private static let sound = ServerSurvey(
    version: 150_018, isInRecovery: false, clockMilliseconds: 0, encoding: "UTF8", database: "tokens", role: "ledger",
    processID: 7, timeline: 3, systemIdentifier: 42, connections: 10, ledgerConnections: 3,
    settings: [
      "synchronous_commit": "on", "synchronous_standby_names": "ANY 1 (*)", "fsync": "on", "full_page_writes": "on",
      "max_connections": "100", "superuser_reserved_connections": "3",
    ], standbys: [ServerSurvey.Standby(name: "s2", state: "streaming", synchrony: "quorum", bytesBehind: 0)])

  private func host(
    _ name: String = "db1:5432", processID: Int64 = 7, clockAhead: Duration = .zero,
    _ change: (inout ServerSurvey) -> Void = { _ in }
  ) -> Host {
    var survey = Self.sound
    change(&survey)
    return Host(
      name: name, answer: .success(Host.Answer(survey: survey, processID: processID, clockAhead: clockAhead)))
  }

  private func findings(_ hosts: Host..., standby: StandbySetting = .required) -> [DoctorFinding] {
    var settings = StoreSettings()
    settings.standby = standby
    return DatabaseFindings(settings: settings, hosts: hosts).findings()
  }

  private func problems(_ hosts: Host..., standby: StandbySetting = .required) -> [String] {
    var settings = StoreSettings()
    settings.standby = standby
    return DatabaseFindings(settings: settings, hosts: hosts).findings().filter { $0.verdict == .problem }.map(\.what)
  }

  @Test("of a primary with a synchronous standby are no problem")
  func sound() {
    #expect(findings(host()).allSatisfy { $0.verdict == .ok || $0.verdict == .note })
  }

  @Test("say what is wrong with a server, each in one problem with its fix")
  func servers() {
    for (host, words) in [
      (host { $0.version = 130_011 }, "13.11 is below 14"), (host(processID: 8), "a pooler"),
      (host { $0.encoding = "SQL_ASCII" }, "SQL_ASCII"), (host { $0.settings["fsync"] = "off" }, "fsync is off"),
      (host { $0.settings["synchronous_standby_names"] = "" }, "synchronous_standby_names is empty"),
      (host { $0.settings["synchronous_commit"] = "local" }, "synchronous_commit is local"),
      (host { $0.standbys = [] }, "no such standby is connected"),
      (host { $0.isInRecovery = true }, "every host that answers is a standby"),
      (host(clockAhead: .seconds(-180)), "3 min 0 s behind this machine's"),
      (
        host {
          $0.connections = 97
          $0.ledgerConnections = 0
        }, "room for 0 more instances"
      ),
    ] {
      let problems = findings(host).filter { $0.verdict == .problem }
      #expect(
        problems.count == 1 && problems[0].what.contains(words) && problems[0].fix != nil, "\(words): \(problems)")
    }
  }

  @Test("warn of what fills the disk or stops the server later, each with its fix")
  func upkeep() {
    for (host, verdict, words) in [
      (host { $0.oldestTransactionMilliseconds = 300_001 }, DoctorFinding.Verdict.warning, "open for 5 min"),
      (host { $0.unfrozenTransactions = 1_000_000_001 }, .problem, "1,000,000,001 transactions old"),
      (host { $0.keptBytes = ["s3": 1 << 30 + 1, "s4": 1 << 30] }, .warning, "s3 keeps"),
    ] {
      let found = findings(host).filter { $0.verdict == .warning || $0.verdict == .problem }
      #expect(
        found.count == 1 && found[0].verdict == verdict && found[0].what.contains(words) && found[0].fix != nil,
        "\(words): \(found)")
    }
    let young = host {
      $0.oldestTransactionMilliseconds = 300_000
      $0.unfrozenTransactions = 1_000_000_000
    }
    #expect(findings(young).allSatisfy { $0.verdict == .ok || $0.verdict == .note })
  }

  @Test("warn of a standby that commits could wait for and that is not connected")
  func missingStandby() {
    for names in ["ANY 1 (s2, s3)", "FIRST 2 (\"S2\",s3)", "s2, s3"] {
      let host = host { $0.settings["synchronous_standby_names"] = names }
      let warnings = findings(host).filter { $0.verdict == .warning }
      #expect(warnings.map(\.what) == ["s3: named in synchronous_standby_names, and not connected"], "\(names)")
    }
    #expect(DatabaseFindings.names(in: "ANY 1 (*)").isEmpty)
  }

  @Test("of standbys are none where none is required")
  func withoutStandby() {
    let alone = host {
      $0.settings["synchronous_standby_names"] = ""
      $0.standbys = []
    }
    #expect(problems(alone, standby: .none).isEmpty)
  }

  @Test("tell an old primary and another cluster's from the primary, and a host that is down from a database that is")
  func hosts() {
    #expect(problems(host(), host("db2:5432") { $0.timeline = 2 }).first?.contains("lower timeline") == true)
    #expect(problems(host(), host("db2:5432") { $0.systemIdentifier = 1 }).first?.contains("another cluster") == true)
    let down = Host(name: "db2:5432", answer: .failure(.unreachable("connection refused")))
    #expect(problems(host(), down).isEmpty)
    #expect(findings(host(), down).contains { $0.verdict == .warning && $0.what.contains("db2:5432") })
    #expect(problems(down) == ["db2:5432: the database cannot be reached: connection refused"])
  }

  @Test("of a clock are a warning from 2 s on and a problem from a minute on")
  func clock() {
    func verdict(_ ahead: Duration) -> DoctorFinding.Verdict? {
      findings(host(clockAhead: ahead)).first { $0.check == "clock" }?.verdict
    }
    #expect(verdict(.milliseconds(1999)) == .ok && verdict(.seconds(-2)) == .warning)
    #expect(verdict(.milliseconds(59_999)) == .warning && verdict(.seconds(60)) == .problem)
  }

  @Test("An error of a database stands after its place as one sentence, and nothing of it is said twice")
  func words() {
    #expect(
      CommandError(.unready("The server is a standby; name the primary."), at: "postgresql://u@h/d").description
        == "postgresql://u@h/d: the server is a standby; name the primary")
    let long = #"connection to server at "127.0.0.1", port 5432 failed: FATAL:  password authentication failed"#
    #expect(
      DatabaseError.refusedConnection(code: "28P01", long).words
        == "the database refused the connection: password authentication failed (28P01)")
    let refused = CommandError(.refusedConnection(code: "53300", "sorry, too many clients already"), at: "x")
    #expect(
      refused.status == .temporary && refused.description.hasSuffix("raise max_connections, or lower store.connections")
    )
    #expect(CommandError(.refusedConnection(code: "28P01", "no"), at: "x").status == .configuration)
    #expect(CommandError(.statement(code: "53100", index: 0, "no space left"), at: "x").description.contains("disk"))
  }
}
#endif
