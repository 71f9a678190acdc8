internal import HTTPTypes
internal import Hummingbird

/// To every method that a route does not have, the reply that names those it has (RFC 9110 §15.5.6), whatever bearer or secret
/// came: on a group that has no middleware of ours.
struct MethodRefusal<Context: RequestContext> {
  let routes: [(RouterPath, [HTTPRequest.Method])]
  let wire: WireFormat

  private static var methods: [HTTPRequest.Method] {
    [.get, .head, .post, .put, .delete, .patch, .options, .trace, .connect]
  }

  func add(to root: RouterGroup<Context>) {
    for (path, allowed) in routes {
      let names = allowed.map(\.rawValue).joined(separator: ", ")
      for method in Self.methods where !allowed.contains(method) {
        root.on(path, method: method) { [wire] _, _ in
          let body =
            switch wire {
            case .standard: ErrorBody.standard("invalid_request", "This route answers \(names) alone")
            case .romm: ErrorBody.romm("Method Not Allowed")
            }
          var response = Response(status: .methodNotAllowed, json: body)
          response.headers[.allow] = names
          return response
        }
      }
    }
  }
}
