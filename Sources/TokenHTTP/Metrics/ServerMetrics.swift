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

  /// Makes the metrics of a server whose engine has a ledger with a log.
  ///
  /// - Parameters:
  ///   - factory: The backend; the one that the process was bootstrapped with by default.
  ///   - text: Returns all metrics in Prometheus's text format 0.0.4, for the route `GET /metrics`, which everybody can
  ///     ask who reaches the server; nil for no such route.
  public init(factory: any MetricsFactory = MetricsSystem.factory, text: (@Sendable () -> String)? = nil) {
    self.init(factory: factory, store: .embedded, text: text)
  }

  /// Makes the metrics of a server.
  ///
  /// - Parameters:
  ///   - factory: The backend; the one that the process was bootstrapped with by default.
  ///   - store: The store behind the engine's ledger; only the metrics of this kind are made.
  ///   - text: Returns all metrics in Prometheus's text format 0.0.4, for the route `GET /metrics`, which everybody can
  ///     ask who reaches the server; nil for no such route.
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
  /// For a backend that sends what it has at a time of its own, call this shortly before.
  public func readGauges(of engine: RotationEngine) async {
    await gauges.read(engine)
  }
}

/// `GET /metrics`: Prometheus's text format 0.0.4, with the gauges of this moment.
///
/// The route asks for no bearer.
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
