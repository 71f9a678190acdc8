internal import HTTPTypes
internal import Hummingbird
internal import Tracing

/// Puts a span around each request if a tracer was bootstrapped before the server was made: its method, the template of
/// its route and its status.
///
/// Hummingbird's own middleware records path, query and user agent, in which clients can put secrets. The trace that
/// the request's headers name, in the form that the tracer knows, is continued.
struct RequestTracing: Sendable {
  private let tracer: any Tracer

  /// Takes the tracer that is bootstrapped by now, or returns nil if there is none.
  init?() {
    let tracer = InstrumentationSystem.tracer
    guard !(tracer is NoOpTracer) else { return nil }
    self.tracer = tracer
  }

  func trace(
    _ request: Request, _ context: some RequestContext, _ answer: () async throws -> Response
  ) async throws -> Response {
    var trace = InstrumentationContext.current ?? .topLevel
    tracer.extract(request.headers, into: &trace, using: FieldExtractor())
    let method = Self.name(of: request.method)
    // A result, since the tracer would record thrown errors, whose text is not ours.
    let result: Result<Response, any Error> = await tracer.withAnySpan(method, context: trace, ofKind: .server) {
      span in
      let result: Result<Response, any Error>
      do { result = .success(try await answer()) } catch { result = .failure(error) }
      // If no route answers, the router's name for it has no slash.
      if let route = context.endpointPath, route.hasPrefix("/") {
        span.operationName = "\(method) \(route)"
        span.attributes["http.route"] = route
      }
      span.attributes["http.request.method"] = method
      let status = (try? result.get())?.status.code
      span.attributes["http.response.status_code"] = status
      if status.map({ $0 >= 500 }) ?? true { span.setStatus(SpanStatus(code: .error)) }
      return result
    }
    return try result.get()
  }

  private static func name(of method: HTTPRequest.Method) -> String {
    switch method {
    case .get, .head, .post, .put, .delete, .patch, .options, .trace, .connect: method.rawValue
    // OpenTelemetry's name for them.
    default: "_OTHER"
    }
  }
}

private struct FieldExtractor: Extractor {
  func extract(key: String, from fields: HTTPFields) -> String? {
    HTTPField.Name(key).flatMap { fields[$0] }
  }
}
