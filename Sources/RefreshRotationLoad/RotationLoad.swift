/// A closed-loop load of refresh rotation that carries each reply into the next request and checks what it sees.
///
/// Invariants: a token that was acknowledged is not refused, and a token that was consumed is not granted again.
public struct RotationLoad: Sendable {
  private let options: LoadOptions
  private let target: any RotationTarget

  public init(options: LoadOptions, target: any RotationTarget) {
    self.options = options
    self.target = target
  }

  /// Opens the sessions, rotates until the duration is over, and reports.
  ///
  /// Throws only where no session can be opened at all; a target that dies in mid-run ends up in the report's errors.
  public func run(
    onViolation: @escaping @Sendable (LoadViolation) -> Void
  ) async throws(TargetFailure) -> LoadReport {
    let chains = try await openSessions()
    let clock = ContinuousClock()
    let start = clock.now
    let tallies = await withTaskGroup(of: Tally.self) { group in
      for chains in chains {
        group.addTask {
          var caller = Caller(chains: chains, target: target, replayRate: options.replayRate, onViolation: onViolation)
          await caller.run(until: start.advanced(by: options.duration))
          return caller.tally
        }
      }
      return await group.reduce(into: Tally()) { $0.add($1) }
    }
    let seconds = (clock.now - start) / Duration.seconds(1)
    return LoadReport(
      rotations: tallies.rotations, seconds: seconds, rotationsPerSecond: Double(tallies.rotations) / seconds,
      errors: tallies.errors, invariantViolations: tallies.violations, latencyMilliseconds: .init(tallies.latency),
      options: .init(
        sessions: options.sessions, connections: options.connections,
        durationSeconds: options.duration / Duration.seconds(1), replayRate: options.replayRate, durability: nil),
      server: target.name)
  }

  /// One list of chains for each caller.
  private func openSessions() async throws(TargetFailure) -> [[Caller.Chain]] {
    let (target, connections, sessions) = (target, options.connections, options.sessions)
    let results = await withTaskGroup(of: Result<[Caller.Chain], TargetFailure>.self) { group in
      for caller in 0..<connections {
        group.addTask {
          var chains: [Caller.Chain] = []
          do throws(TargetFailure) {
            for _ in stride(from: caller, to: sessions, by: connections) {
              chains.append(Caller.Chain(token: try await target.open()))
            }
          } catch {
            return .failure(error)
          }
          return .success(chains)
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    var chains: [[Caller.Chain]] = []
    for result in results { chains.append(try result.get()) }
    return chains
  }
}
