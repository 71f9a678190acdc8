import Synchronization
import Testing
import TokenHTTP

@testable import refresh_ledger

@Suite("What others chose")
struct OthersTextTests {
  @Test("is shown on a terminal without what it would take for a command, and letters of any language stay")
  func shown() {
    for scalar in [
      "\u{1B}", "\u{7}", "\u{8}", "\u{9B}", "\u{7F}", "\n", "\u{200F}", "\u{202E}", "\u{2066}", "\u{2028}",
    ] {
      #expect("a\(scalar)[31mb".shown == "a\u{FFFD}[31mb", "\(Array(scalar.unicodeScalars))")
    }
    #expect("Zoë 山田 a-b_c \"x\"".shown == "Zoë 山田 a-b_c \"x\"")
    var table = TextTable("LABEL")
    table.append("a\u{9B}2J")
    #expect(table.text == "LABEL\na\u{FFFD}2J\n")
    let finding = DoctorFinding.problem("folder", "x\u{1B}]0;y", fix: "rm 'x\u{1B}]0;y'")
    #expect(!finding.text(inColor: false).contains("\u{1B}"))
  }

  @Test("as a metric that is no number does not become one in a rate")
  func metrics() {
    let name = "refresh_ledger_live_sessions"
    #expect(MetricsScrape("\(name) 3\n")[.liveSessions] == 3)
    for value in ["inf", "-inf", "nan", "1e300"] {
      #expect(MetricsScrape("\(name) \(value)\n")[.liveSessions] == nil, "\(value)")
    }
  }

  @Test("as the target of a redirect gets no password: load ends and names the answer")
  func redirect() throws {
    let asked = Mutex(0)
    let elsewhere = try LoadTestEndpoint { _ in
      asked.withLock { $0 += 1 }
      return .token("t")
    }
    let place = elsewhere.url
    let endpoint = try LoadTestEndpoint { _ in .init(status: 307, headers: ["Location: \(place)/token"]) }
    let result = try CommandResult.of(
      BuiltCommand.path, ["load", "--url", endpoint.url, "--user", "ann", "--password", "right", "--duration", "200ms"])
    #expect(result.code == 78 && result.errors.contains("answered 307"), "\(result)")
    #expect(asked.withLock { $0 } == 0)
  }
}
