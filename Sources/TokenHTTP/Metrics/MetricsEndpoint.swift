internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import TokenEngine

/// `GET /metrics`: Prometheus's text format 0.0.4, with the gauges of this moment. Asks for no bearer.
struct MetricsEndpoint: Sendable {
  let engine: RotationEngine
  let metrics: ServerMetrics
  let text: @Sendable () -> String

  /// Nil where the metrics are for another backend.
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
