import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import Glibc
import RefreshRotationLoad
import SystemPackage
import TokenEngine
import WriteAheadLog

struct LoadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Rotates refresh tokens as fast as it can and checks that none works twice.",
    discussion: """
      Each caller follows its own sessions and carries each reply into its next request. With --url it drives any OAuth \
      token endpoint; with --in-process the embedded engine in a new folder below the current one, which is removed \
      afterwards. Exit 1 when an invariant broke.
      """)

  @Flag(name: .customLong("in-process"), help: "Drive the embedded engine: verify, rotate, sign the pair; no HTTP.")
  var inProcess = false

  @Option(help: "When an outcome of the embedded engine counts as durable: always, interval or none. (default: always)")
  var durability: DurabilityChoice?

  @Option(help: "The server, such as http://127.0.0.1:8080.")
  var url: String?

  @Option(name: .customLong("token-path"), help: "The path of its token endpoint.")
  var tokenPath = "/token"

  @Option(help: "Who logs in.")
  var user: String?

  @Option(help: "The password. Other users of this machine can see it: use an account made for the test.")
  var password: String?

  @Option(name: .customLong("client-id"), help: "Sent in the body; left out where absent.")
  var clientID: String?

  @Option(name: .customLong("client-secret"), help: "Sent in the body; left out where absent.")
  var clientSecret: String?

  @Option(help: "Sessions to open first; at least one a connection. (default: one a connection)")
  var sessions: Int?

  @Option(help: "Callers that rotate at the same time, one request each.")
  var connections = 32

  @Option(help: "How long to rotate: 500ms, 30s, 5m. (default: 30s, in process 3s)")
  var duration: String?

  @Option(name: .customLong("replay-rate"), help: "Share of rotations after which the consumed token is tried again.")
  var replayRate = 0.01

  @Option(help: "Write the figures to this file as JSON.")
  var json: String?

  enum DurabilityChoice: String, ExpressibleByArgument, CaseIterable {
    case always, interval, none

    var durability: Durability {
      switch self {
      case .always: .always
      case .interval: .interval(.seconds(1))
      case .none: .none
      }
    }
  }

  func validate() throws {
    guard inProcess != (url != nil) else { throw ValidationError("give either --in-process or --url") }
    if inProcess {
      guard user == nil, password == nil, clientID == nil, clientSecret == nil else {
        throw ValidationError("--user, --password and --client-... go with --url")
      }
    } else {
      guard user != nil, password != nil else { throw ValidationError("--url needs --user and --password") }
      guard durability == nil else {
        throw ValidationError("--durability goes with --in-process; a server has its own")
      }
    }
    if let problem = try options().problem { throw ValidationError(problem) }
  }

  func run() async throws {
    if let json { try Self.checkWritable(json) }
    let report = inProcess ? try await runInProcess() : try await runEndpoint()
    if let json {
      let path = FilePath(json)
      do {
        try Data((JSONText.line(report) + "\n").utf8).write(to: URL(filePath: path.string))
      } catch let failure as CommandFailure {
        throw failure
      } catch {
        throw CommandFailure(.cannotCreate, "cannot write \(json): \(error); name another file")
      }
    }
    try Terminal.writeLine(report.text)
    if report.invariantViolations > 0 {
      throw CommandFailure(.bad, "\(report.invariantViolations) invariants broke; the lines above say how")
    }
  }

  private func options() throws -> LoadOptions {
    let text = duration ?? (inProcess ? "3s" : "30s")
    guard let length = DurationText.parse(text) else {
      throw ValidationError("--duration is a whole number and a unit, such as 500ms, 30s or 5m")
    }
    return LoadOptions(
      sessions: sessions ?? connections, connections: connections, duration: length, replayRate: replayRate)
  }

  private func runInProcess() async throws -> LoadReport {
    let folder = FilePath("refresh-ledger-load-\(getpid())")
    var settings = EngineOptions()
    let choice = durability ?? .always
    settings.durability = choice.durability
    let engine: RotationEngine
    do {
      engine = try await RotationEngine.open(folder: folder, options: settings)
    } catch {
      throw CommandFailure(error)
    }
    defer { try? FileManager.default.removeItem(atPath: folder.string) }
    var report = try await run(EngineTarget(engine: engine))
    report.options.durability = choice.rawValue
    do { try await engine.close() } catch { throw CommandFailure(error) }
    return report
  }

  private func runEndpoint() async throws -> LoadReport {
    guard let url, let user, let password else { throw CommandFailure(.usage, "--url needs --user and --password") }
    var configuration = HTTPClient.Configuration()
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
    let client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    let base = url.hasSuffix("/") ? String(url.dropLast()) : url
    let target = EndpointTarget(
      url: base + tokenPath,
      credentials: .init(user: user, password: password, clientID: clientID, clientSecret: clientSecret),
      client: client)
    do {
      let report = try await run(target)
      try await client.shutdown()
      return report
    } catch {
      try? await client.shutdown()
      throw error
    }
  }

  private func run(_ target: some RotationTarget) async throws -> LoadReport {
    do {
      return try await RotationLoad(options: try options(), target: target).run { violation in
        Terminal.complain("invariant: \(violation)")
      }
    } catch let failure as TargetFailure {
      throw CommandFailure(.temporary, "no session could be opened: \(failure)")
    }
  }

  /// A file that cannot be written is found before the load starts.
  private static func checkWritable(_ path: String) throws(CommandFailure) {
    do {
      try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create], permissions: [.ownerReadWrite, .groupRead, .otherRead]
      ).close()
    } catch {
      throw CommandFailure(.cannotCreate, "cannot write \(path): \(error); name another file")
    }
  }
}

extension LoadReport {
  /// The figures in a few lines for a person.
  fileprivate var text: String {
    func milliseconds(_ value: Double) -> String { format(value, digits: 3) + " ms" }
    let latency = latencyMilliseconds
    return """
      \(rotations) rotations in \(format(seconds, digits: 1)) s: \(Int(rotationsPerSecond)) a second on \(server)
      latency p50 \(milliseconds(latency.p50)), p90 \(milliseconds(latency.p90)), p99 \(milliseconds(latency.p99)), \
      p99.9 \(milliseconds(latency.p999)), max \(milliseconds(latency.max))
      \(errors) errors, \(invariantViolations) broken invariants
      """
  }

  private func format(_ value: Double, digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    return "\((value * scale).rounded() / scale)"
  }
}
