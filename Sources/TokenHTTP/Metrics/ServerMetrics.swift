public import CoreMetrics
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
public import TokenEngine
public import TokenObservability

/// All metrics of a token server, made in one backend of swift-metrics.
///
///     let metrics = ServerMetrics()
///     let engine = try await RotationEngine.open(folder: "tokens", observer: metrics.observer)
///     let server = TokenApplication.make(engine: engine, clients: clients, metrics: metrics, logger: logger)
///
/// Every counter and histogram is there, at zero, from the beginning. Make one for a server: a second one in the same
/// backend counts in the same metrics.
public struct ServerMetrics: Sendable {
  /// To be the engine's observer, or one of an ``EngineObserverGroup``.
  public let observer: EngineMetricsObserver
  /// The metrics of grants; give them to the ``GrantObservation`` of routes of your own, so that both count together.
  public let grants: GrantMetrics
  let streams: RevocationStreamMetrics
  let text: (@Sendable () -> String)?
  let factory: any MetricsFactory
  private let gauges: EngineGauges

  /// - Parameters:
  ///   - factory: the backend; the one that the process was bootstrapped with by default.
  ///   - text: gives all metrics in Prometheus's text format 0.0.4. Adds the route `GET /metrics`, which everybody may
  ///     ask who reaches the server; nil for none.
  public init(factory: any MetricsFactory = MetricsSystem.factory, text: (@Sendable () -> String)? = nil) {
    self.init(factory: factory, store: .embedded, text: text)
  }

  /// - Parameter store: what the ledger of the engine stands on: there are the metrics of this alone.
  public init(
    factory: any MetricsFactory = MetricsSystem.factory, store: TokenMetric.Store,
    text: (@Sendable () -> String)? = nil
  ) {
    observer = EngineMetricsObserver(factory: factory, store: store)
    grants = GrantMetrics(factory: factory)
    streams = RevocationStreamMetrics(factory: factory)
    gauges = EngineGauges(factory: factory, store: store)
    self.factory = factory
    self.text = text
  }

  /// Sets the gauges to the engine's figures of this moment: `GET /metrics` does it by itself.
  ///
  /// For backends that send what they have at a time of their own, to be called shortly before.
  public func readGauges(of engine: RotationEngine) async {
    await gauges.read(engine)
  }
}

/// `GET /metrics`: Prometheus's text format 0.0.4, with the gauges of this moment.
///
/// Asks for no bearer.
struct MetricsEndpoint: Sendable {
  let engine: RotationEngine
  let metrics: ServerMetrics
  let text: @Sendable () -> String

  /// Fails if the metrics are for another backend.
  init?(engine: RotationEngine, metrics: ServerMetrics?) {
    guard let metrics, let text = metrics.text else { return nil }
    self.engine = engine
    self.metrics = metrics
    self.text = text
  }

  func respond() async -> Response {
    await metrics.readGauges(of: engine)
    var response = Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: text())))
    response.headers[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
    response.headers[.cacheControl] = "no-store"
    response.headers[.xContentTypeOptions] = "nosniff"
    return response
  }
}
