import Foundation
import Glibc
import Synchronization
import Testing

@Suite("refresh-ledger load") struct LoadCommandTests {
  private static func load(
    _ url: String, _ more: [String], password: String = "right", environment: [String: String] = [:]
  ) throws -> CommandResult {
    try CommandResult.of(
      BuiltCommand.path,
      ["load", "--url", url, "--user", "ann", "--password", password, "--connections", "4"] + more,
      environment: environment)
  }

  private static func figures(_ path: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test("of our server finds nothing, with replays, races, lost replies and a grace window", arguments: ["0s", "120s"])
  func ourServer(grace: String) throws {
    let folder = try TestFolder()
    let config = try folder.write("config.yaml", "rotation: { grace: \(grace) }\n")
    let server = try TestServer(data: "\(folder.path)/data", config: config)
    let client = try server.secret("CLIENT").split(separator: ":").map(String.init)
    let (json, report) = ("\(folder.path)/run.json", "\(folder.path)/run.html")
    let arguments = [
      "load", "--url", server.url, "--user", "admin", "--password-stdin", "--client-id", client[0], "--client-secret",
      client[1], "--sessions", "12", "--connections", "6", "--duration", "3s", "--replay-rate", "0.05", "--race", "4",
      "--race-rate", "0.05", "--loss-rate", "0.05", "--grace", grace, "--json", json, "--report", report,
    ]
    let result = try CommandResult.of(BuiltCommand.path, arguments, input: try server.secret("PASSWORD"))
    #expect(result.code == 0 && result.errors == "", "\(result)")
    #expect(result.output.contains(" rotations/s, p50 ") && result.output.contains("0 broken invariants"))
    let figures = try Self.figures(json)
    for name in ["rotations", "seconds", "rotations_per_second", "errors", "invariant_violations"] {
      #expect(figures[name] is NSNumber, "\(name)")
    }
    let latency = try #require(figures["latency_ms"] as? [String: Double])
    #expect(Set(latency.keys) == ["p50", "p90", "p99", "p999", "max"])
    let checks = try #require(figures["checks"] as? [String: Int])
    for name in ["replays", "races", "lost_replies"] { #expect(checks[name] ?? 0 > 0, "\(name): \(checks)") }
    #expect((checks["replays_answered"] ?? 0 > 0) == (grace != "0s"), "\(checks)")
    #expect(try String(contentsOfFile: report, encoding: .utf8).hasPrefix("<!DOCTYPE html>"))
    #expect(try server.stop() == 0)
  }

  @Test("finds a server that grants a token twice: exit 1, with the evidence and without the token")
  func grantsTwice() throws {
    let folder = try TestFolder()
    let ledger = LoadTestLedger(.newSuccessor)
    let endpoint = try LoadTestEndpoint { ledger.answer($0) }
    for more in [["--replay-rate", "0.1"], ["--replay-rate", "0", "--race", "3", "--race-rate", "0.1"]] {
      let json = "\(folder.path)/run.json"
      let result = try Self.load(endpoint.url, more + ["--duration", "500ms", "--json", json])
      #expect(result.code == 1)
      #expect(result.errors.contains("invariant: two successors: token "), "\(result.errors)")
      #expect(!result.errors.contains("opaque-token") && !result.output.contains("opaque-token"))
      let figures = try Self.figures(json)
      #expect(figures["invariant_violations"] as? Int ?? 0 > 0)
      #expect(try !String(contentsOfFile: json, encoding: .utf8).contains("opaque-token"))
    }
  }

  @Test("takes a server that repeats its answer for right within --grace, and finds it beyond")
  func repeats() throws {
    let ledger = LoadTestLedger(.sameSuccessor)
    let endpoint = try LoadTestEndpoint { ledger.answer($0) }
    let common = ["--replay-rate", "0.2", "--duration", "500ms"]
    let inside = try Self.load(endpoint.url, common + ["--grace", "60s"])
    #expect(inside.code == 0, "\(inside)")
    let beyond = try Self.load(endpoint.url, common)
    #expect(beyond.code == 1 && beyond.errors.contains("replay accepted") && beyond.errors.contains("--grace"))
    #expect(beyond.output.contains("give --grace as the server has it"), "\(beyond)")
  }

  @Test("waits for a server that asks for patience at the log-in, and counts its 503 in the run as overload")
  func overload() throws {
    let folder = try TestFolder()
    let ledger = LoadTestLedger()
    let count = Mutex(0)
    let endpoint = try LoadTestEndpoint { form in
      let number = count.withLock { count in
        count += 1
        return count
      }
      // The first log-ins, and then every tenth request.
      guard number > 3, number % 10 != 0 else { return .init(status: 503, headers: ["Retry-After: 0"]) }
      return ledger.answer(form)
    }
    let json = "\(folder.path)/run.json"
    let result = try Self.load(endpoint.url, ["--duration", "500ms", "--replay-rate", "0", "--json", json])
    #expect(result.code == 0, "\(result)")
    let kinds = try #require(Self.figures(json)["errors_by_kind"] as? [String: Int])
    #expect(kinds.keys.first == "overload 503" && kinds.count == 1, "\(kinds)")
    #expect(result.output.contains("overload 503: ") && result.output.contains("first: the server is overloaded"))
  }

  @Test("of a server that dies keeps what was measured until then: exit 75 and one line")
  func dyingServer() throws {
    let folder = try TestFolder()
    let ledger = LoadTestLedger()
    let count = Mutex(0)
    let dying = Mutex<LoadTestEndpoint?>(nil)
    let endpoint = try LoadTestEndpoint { form in
      let isLast = count.withLock { count in
        count += 1
        return count == 200
      }
      if isLast { dying.withLock { $0?.stop() } }
      return ledger.answer(form)
    }
    dying.withLock { $0 = endpoint }
    let (json, report) = ("\(folder.path)/run.json", "\(folder.path)/run.html")
    let result = try Self.load(
      endpoint.url, ["--duration", "60s", "--replay-rate", "0", "--json", json, "--report", report])
    #expect(result.code == 75 && result.isOneLineError && result.errors.contains("has not answered"), "\(result)")
    let figures = try Self.figures(json)
    #expect(figures["rotations"] as? Int ?? 0 > 0 && figures["ended_early"] is String)
    #expect(try String(contentsOfFile: report, encoding: .utf8).contains("Ended early"))
    dying.withLock { $0 = nil }
  }

  @Test("stops at SIGINT, keeps what was measured and exits 0")
  func interrupted() throws {
    let folder = try TestFolder()
    let ledger = LoadTestLedger()
    let endpoint = try LoadTestEndpoint { ledger.answer($0) }
    let json = "\(folder.path)/run.json"
    let child = try ChildCommand(
      BuiltCommand.path,
      ["load", "--url", endpoint.url, "--user", "ann", "--connections", "2", "--duration", "10m", "--json", json],
      environment: ["LOAD_PASSWORD": "right"])
    // One line every 20 s; the sessions are opened before the signals are minded, in a moment.
    usleep(1_500_000)
    child.send(SIGINT)
    #expect(try child.wait() == 0, "\(child.errors)")
    let figures = try Self.figures(json)
    #expect(figures["rotations"] as? Int ?? 0 > 0 && figures["ended_early"] as? String == "ended by hand")
  }

  @Test("starts from refresh tokens of a file, for a server that takes no passwords")
  func startTokens() throws {
    let folder = try TestFolder()
    let ledger = LoadTestLedger()
    let endpoint = try LoadTestEndpoint { form in
      form["grant_type"] == "password"
        ? .init(status: 400, body: #"{"error":"unsupported_grant_type"}"#) : ledger.answer(form)
    }
    let tokens = try (1...6).map { _ in
      let body = ledger.answer(["grant_type": "password", "password": "right"]).body
      return try #require(body.split(separator: "refresh_token\":\"").last?.prefix { $0 != "\"" })
    }
    let file = try folder.write("tokens", tokens.joined(separator: "\n") + "\n")
    let base = ["load", "--url", endpoint.url, "--duration", "300ms"]
    let result = try CommandResult.of(BuiltCommand.path, base + ["--tokens", file])
    #expect(result.code == 0, "\(result)")
    let more = try CommandResult.of(BuiltCommand.path, base + ["--tokens", file, "--sessions", "7"])
    #expect(more.code == 64 && more.isOneLineError, "\(more)")
    let password = try Self.load(endpoint.url, ["--duration", "300ms"])
    #expect(password.code == 78 && password.errors.contains("--tokens"), "\(password)")
  }

  @Test("says in one line what is wrong with what it was given, and exits by the contract")
  func badInput() throws {
    let folder = try TestFolder()
    let ledger = LoadTestLedger()
    let endpoint = try LoadTestEndpoint { ledger.answer($0) }
    let page = try LoadTestEndpoint { _ in .init(body: "<html>hello</html>") }
    let missing = try LoadTestEndpoint { _ in .init(status: 404, body: "none") }
    let gone = try LoadTestEndpoint { _ in .refused }
    gone.stop()
    let cases: [(CommandResult, Int32, String)] = [
      (try Self.load(endpoint.url, [], password: "wrong"), 78, "refused the log-in of ann"),
      (try Self.load(page.url, []), 78, "not as a token endpoint does"),
      (try Self.load(missing.url, []), 78, "answered 404"),
      (try Self.load(gone.url, []), 75, "connection refused"),
      (try Self.load("https://127.0.0.1:\(endpoint.port)", []), 78, "TLS"),
      (try Self.load("ftp://127.0.0.1", []), 64, "--url is an address"),
      (try Self.load("http://ann:pass@127.0.0.1", []), 64, "--url holds no user"),
      (try Self.load(endpoint.url, ["--report", "\(folder.path)/none/run.html"]), 73, "cannot write"),
      (try Self.load(endpoint.url, ["--json", "/proc/none"]), 73, "cannot write"),
      (try Self.load(endpoint.url, ["--duration", "soon"]), 64, "--duration"),
      (try Self.load(endpoint.url, ["--rate", "-1"]), 64, "--rate"),
      (try Self.load(endpoint.url, ["--race", "0"]), 64, "--race"),
      (try CommandResult.of("load", "--in-process", "--user", "ann"), 64, "--user goes with --url"),
      (try Self.load(endpoint.url, ["--data", "\(folder.path)/data"]), 64, "--data goes with --in-process"),
      (try CommandResult.of("load", "--url", endpoint.url, "--user", "ann"), 64, "LOAD_PASSWORD"),
      (try CommandResult.of("load", "--compare", "\(folder.path)/a", "\(folder.path)/b"), 66, "no such report"),
      (try CommandResult.of("load", "--compare", "\(folder.path)/a"), 64, "two files"),
    ]
    for (result, code, says) in cases {
      #expect(result.code == code && result.isOneLineError && result.errors.contains(says), "\(result)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test("refuses more connections than the process may open, before anything is sent")
  func descriptors() throws {
    let script =
      "ulimit -n 100; exec '\(BuiltCommand.path)' load --url http://127.0.0.1:9 --user a --password b --connections 200"
    let result = try CommandResult.of("sh", ["-c", script])
    #expect(result.code == 64 && result.isOneLineError && result.errors.contains("ulimit -n"), "\(result)")
  }

  @Test("in process writes what tools read, and sets two runs beside each other")
  func inProcess() throws {
    let folder = try TestFolder()
    let paths = try ["a", "b"].map { name in
      let json = "\(folder.path)/\(name).json"
      let script =
        "cd '\(folder.path)' && exec '\(BuiltCommand.path)' load --in-process --durability none --connections 8 --duration 300ms --json '\(json)'"
      let result = try CommandResult.of("sh", ["-c", script])
      #expect(result.code == 0 && result.errors == "", "\(result)")
      let figures = try Self.figures(json)
      #expect(figures["errors"] as? Int == 0 && figures["rotations"] as? Int ?? 0 > 0)
      #expect(figures["server"] as? String == "in-process")
      return json
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a.json", "b.json"])
    let page = "\(folder.path)/both.html"
    let result = try CommandResult.of(BuiltCommand.path, ["load", "--compare", paths[0], paths[1], "--report", page])
    #expect(result.code == 0 && result.output.contains("rotations a second"), "\(result)")
    #expect(try String(contentsOfFile: page, encoding: .utf8).contains("B against A"))
  }

  @Test("in process keeps its log for the other commands where it is told to, and takes no folder that has one")
  func keptData() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let shape = ["--durability", "none", "--connections", "8", "--duration", "300ms"]
    let load = ["load", "--in-process", "--data", data] + shape
    let kept = try CommandResult.of(BuiltCommand.path, load)
    #expect(kept.code == 0 && kept.errors == "", "\(kept)")
    let verified = try CommandResult.of("log", "verify", "--data", data)
    #expect(verified.code == 0 && verified.output.hasPrefix("the log is whole: "), "\(verified)")
    let again = try CommandResult.of(BuiltCommand.path, load)
    #expect(again.code == 73 && again.isOneLineError && again.errors.contains("there is a log already"), "\(again)")
  }

  @Test("draws over itself on a terminal, and says there that an invariant broke")
  func terminal() throws {
    let folder = try TestFolder()
    let ledger = LoadTestLedger(.newSuccessor)
    let endpoint = try LoadTestEndpoint { ledger.answer($0) }
    let command =
      "\(BuiltCommand.path) load --url \(endpoint.url) --user ann --password right --connections 4 --duration 1s"
    let result = try CommandResult.of(
      "script", ["-qec", command, "\(folder.path)/typescript"], environment: ["TERM": "xterm"])
    #expect(result.code == 1)
    #expect(result.output.contains("rotations/s") && result.output.contains("\u{1B}[2K"), "\(result.output)")
    #expect(result.output.contains("two successors"))
  }
}
