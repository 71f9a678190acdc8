internal import CoreMetrics
internal import HTTPTypes
internal import Hummingbird
internal import TokenObservability

/// Counts and times requests by the template of their route and the class of their status.
///
/// Hummingbird's own middleware names the method, which a client may invent, so that its labels have no bound.
struct RequestMetrics: Sendable {
  private struct Series: Sendable {
    let count: Counter
    let seconds: Timer
  }

  /// By the path that Hummingbird names the route with.
  private let byRoute: [String: [StatusClass: Series]]
  private let other: [StatusClass: Series]

  /// Makes the metrics of all routes there are, whose paths are without the prefix, which is in no label.
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

  /// Counts a request, with its route as Hummingbird names it, or nil if no route took it.
  func note(route: String?, _ status: HTTPResponse.Status, within time: Duration) {
    let series = route.flatMap { byRoute[$0] } ?? other
    guard let series = series[StatusClass(code: status.code)] else { return }
    series.count.increment()
    series.seconds.record(time)
  }
}
