internal import Hummingbird
internal import Synchronization

/// Bounds how many requests are answered at once behind it; what is past the bound is refused at once, its body unread.
///
/// For routes whose answer waits for something, the disk above all: where that never comes, the requests that wait stay,
/// and without a bound every further one would stay with them.
struct InFlightBound<Context: RequestContext>: RouterMiddleware {
  private final class Count: Sendable {
    let value = Atomic(0)
  }

  private let max: Int
  private let refusal: @Sendable () -> Response
  private let inFlight: Count

  /// - Parameter max: 1 at least.
  init(max: Int, refusal: @escaping @Sendable () -> Response) {
    self.init(max: max, inFlight: Count(), refusal: refusal)
  }

  private init(max: Int, inFlight: Count, refusal: @escaping @Sendable () -> Response) {
    precondition(max >= 1, "a bound that lets nothing through")
    self.max = max
    self.inFlight = inFlight
    self.refusal = refusal
  }

  /// The same bound, of this one's requests and its own together, for routes that refuse in other words.
  func refusing(with refusal: @escaping @Sendable () -> Response) -> InFlightBound {
    InFlightBound(max: max, inFlight: inFlight, refusal: refusal)
  }

  @concurrent
  func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    defer { inFlight.value.subtract(1, ordering: .relaxed) }
    guard inFlight.value.add(1, ordering: .relaxed).newValue <= max else { return refusal() }
    return try await next(request, context)
  }
}
