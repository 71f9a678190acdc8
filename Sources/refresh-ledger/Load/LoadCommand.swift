import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import Platform
import RefreshRotationLoad
import TokenEngine
import UnixSignals

struct LoadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Rotates refresh tokens as fast as it can, or at a fixed rate, and checks that none works twice.",
    discussion: """
      Each caller has its own sessions and uses each reply for its next request. With --url the load goes to any OAuth \
      token endpoint; with --in-process to the embedded engine or, with --database as well, to one more instance on a \
      shared database. --compare compares two runs.
      Exit codes: 0 no invariant broke, 1 one did, 64 usage, 66 no such file, 73 a file cannot be written, 75 the \
      server could not be reached or stopped answering, 78 a value that you gave does not fit the server (address, \
      password, client, certificate). docs/load-testing.md says more.
      """)

  @Flag(
    name: .customLong("in-process"), help: "Drive an engine in this process: verify, rotate, sign the pair; no HTTP.")
  var inProcess = false

  @OptionGroup(title: "Engine") var engine: LoadEngineOptions
  @OptionGroup(title: "Server") var endpoint: LoadEndpointOptions
  @OptionGroup(title: "Load") var shape: LoadShapeOptions
  @OptionGroup(title: "Output") var outputs: LoadOutputs

  @Option(
    parsing: .upToNextOption,
    help: "Compare two files that --json wrote (--compare A B): print their figures and, with --report, write a page.")
  var compare: [String] = []

  func validate() throws {
    if !compare.isEmpty {
      guard compare.count == 2 else { throw ValidationError("--compare takes two files that --json wrote") }
      guard !inProcess, endpoint.url == nil, outputs.json == nil, engine.strayOption == nil else {
        throw ValidationError("--compare runs no load: the only other option that it takes is --report")
      }
      return
    }
    guard inProcess != (endpoint.url != nil) else { throw ValidationError("give either --in-process or --url") }
    if inProcess, let stray = endpoint.strayOption { throw ValidationError("\(stray) goes with --url") }
    if !inProcess, let stray = engine.strayOption {
      throw ValidationError("\(stray) goes with --in-process; a server has its own")
    }
    try endpoint.check()
    try engine.check()
    _ = try shape.options(isShort: inProcess)
  }

  func run() async throws {
    try outputs.check()
    if !compare.isEmpty { return try LoadComparison(paths: compare, page: outputs.report).run() }
    var report = inProcess ? try await runInProcess() : try await runEndpoint()
    report.version = Release.version
    report.machine = .current
    try outputs.write(report)
    try Terminal.writeLine(([LoadSummary(report: report).text] + outputs.places).joined(separator: "\n"))
    if let refused = report.refusedStart { throw CommandError(.configuration, refused) }
    if report.invariantViolations > 0 {
      throw CommandError(
        .bad, "\(FigureText.counted(report.invariantViolations, "broken invariant")); the lines above say which")
    }
    if let reason = report.endedEarly, reason != Self.endedByHand {
      throw CommandError(.temporary, "\(report.server): \(reason)")
    }
  }

  private func runInProcess() async throws -> LoadReport {
    let options = try shape.options(isShort: true)
    return try await engine.report(grace: options.grace) { try await run($0, options) }
  }

  private func runEndpoint() async throws -> LoadReport {
    let tokens = try endpoint.startTokens()
    var options = try shape.options(isShort: false, available: tokens?.count)
    options.provesKeys = endpoint.dpop
    try endpoint.checkDescriptors(for: options)
    let address = try endpoint.endpoint()
    let client = try endpoint.client(for: options)
    let passwords = EndpointTarget(address, client: client)
    let target: any RotationTarget = tokens.map { TokenListTarget(tokens: $0, target: passwords) } ?? passwords
    do {
      let report = try await run(target, options)
      try? await client.shutdown()
      return report
    } catch {
      try? await client.shutdown()
      throw error
    }
  }

  private static let endedByHand = "ended by hand"
  /// The exit code of a program that a second SIGINT ended.
  private static let interrupted: Int32 = 130

  private func run(_ target: any RotationTarget, _ options: LoadOptions) async throws -> LoadReport {
    let view = LoadView(server: target.name, options: options)
    let started = Date.now
    let load = Task { () -> Result<LoadReport, TargetError> in
      do throws(TargetError) {
        return .success(try await RotationLoad(options: options, target: target).run(view.observer))
      } catch {
        return .failure(error)
      }
    }
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let listener = Task {
      for await _ in signals {
        // The first signal ends the load and keeps the measurements.
        guard !load.isCancelled else { Program.exit(Self.interrupted) }
        load.cancel()
      }
    }
    let result = await load.value
    listener.cancel()
    view.end()
    switch result {
    case .success(var report):
      report.startedAt = started.ISO8601Format()
      if load.isCancelled, report.endedEarly == nil { report.endedEarly = Self.endedByHand }
      return report
    case .failure(let failure):
      throw CommandError(Self.status(of: failure), "no load was run: \(failure)\(Self.fix(of: failure))")
    }
  }

  private static func status(of failure: TargetError) -> ExitStatus {
    switch failure {
    case .overloaded, .throttled, .timeout, .connection, .cancelled: .temporary
    case .login, .reply, .tls: .configuration
    case .exhausted: .usage
    }
  }

  /// Returns the fix, if the failure itself does not state it.
  private static func fix(of failure: TargetError) -> String {
    switch failure {
    case .overloaded, .throttled: "; waiting for it did not help; try again later or with fewer --sessions"
    case .connection: "; check the address and that a server runs there"
    case .timeout: "; check the address, or give a longer --timeout"
    case .exhausted: "; lower --sessions"
    case .login, .reply, .tls, .cancelled: ""
    }
  }
}
