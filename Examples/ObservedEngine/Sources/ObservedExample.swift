import Logging
import TokenEngine
import TokenObservability

/// An engine that writes to swift-log and counts in swift-metrics what it does.
///
/// The program prints a line of the log and the session that it names.
@main
struct ObservedExample {
  static func main() async throws {
    let logger = Logger(label: "ObservedEngine", factory: { StreamLogHandler.standardOutput(label: $0) })
    // docs:observers
    let observer = EngineObserverGroup(EngineLogObserver(logger: logger), EngineMetricsObserver())
    let engine = try RotationEngine.inMemory(observer: observer)
    let gauges = EngineGauges()
    // docs:end
    let web = Client(id: "web", isPublic: true)
    let pair = try await engine.openUncheckedSession(subject: "ann", client: web, scopes: [])
    await gauges.read(engine)
    print("opened \(pair.session)")
  }
}
