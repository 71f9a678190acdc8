internal import CoreMetrics
internal import HTTPTypes
internal import Hummingbird
internal import TokenObservability

/// Counts and times requests by the template of their route and the class of their status.
///
/// Hummingbird's own middleware names the method, which a client may invent, so that its labels have no bound.
struct RequestMetrics<Context: RequestContext>: RouterMiddleware {
  private struct Series: Sendable {
    let count: Counter
    let seconds: Timer
  }

  /// By the path that Hummingbird names the route with.
  private let byRoute: [String: [StatusClass: Series]]
  private let other: [StatusClass: Series]

  /// - Parameter routes: all there are, without the prefix, which is in no label.
  init(factory: any MetricsFactory, routes: [RouterPath], pathPrefix: String) {
    func series(_ route: String) -> [StatusClass: Series] {
      StatusClass.allCases.reduce(into: [:]) { series, status in
        let labels = [("route", route), ("status", status.rawValue)]
        series[status] = Series(
          count: Counter(label: TokenMetric.requests.rawValue, dimensions: labels, factory: factory),
          seconds: Timer(label: TokenMetric.requestSeconds.rawValue, dimensions: labels, factory: factory))
      }
    }
    byRoute = routes.reduce(into: [:]) { byRoute, route in
      byRoute[RouterPath(pathPrefix + route.description).description] = series(route.description)
    }
    other = series(TokenMetric.otherRoute)
  }

  @concurrent
  func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    let began = ContinuousClock.now
    // What is thrown through here is the connection's end, which is no reply.
    let response = try await next(request, context)
    let series = context.endpointPath.flatMap { byRoute[$0] } ?? other
    if let series = series[StatusClass(code: response.status.code)] {
      series.count.increment()
      series.seconds.record(ContinuousClock.now - began)
    }
    return response
  }
}
