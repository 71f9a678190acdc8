internal import HTTPTypes
internal import Hummingbird
internal import Logging
package import TokenEngine
internal import TokenObservability

/// The replies to requests that get nothing: the words of a wire, a line in the log, and the `Retry-After` that the
/// state of the engine asks for.
struct FaultReplies: Sendable {
  let engine: RotationEngine
  let wire: any TokenWire

  /// Answers what a route threw.
  ///
  /// An error that is no fault of the request or the engine is thrown again: the connection has ended.
  func reply(toThrown error: any Error, logger: Logger) throws -> Response {
    switch error {
    case let fault as FormError: reply(to: .form(fault), logger: logger)
    case let fault as TokenEndpointError: reply(to: fault, logger: logger)
    case let failure as EngineError: reply(to: .failed(failure), logger: logger)
    default: throw error
    }
  }

  /// Answers a fault in the words of the wire, and logs a failure of the engine.
  ///
  /// The logger is nil for a fault that is counted, not logged.
  func reply(to fault: TokenEndpointError, logger: Logger?) -> Response {
    if case .failed(let failure) = fault {
      let level = failure.isTemporary ? Logger.Level.warning : .error
      logger?.log(level: level, "request failed", metadata: ["failure": "\(LogText.sentence(failure.description))"])
    }
    var response = wire.reply(to: fault)
    if case .throttled(let wait) = fault {
      response.headers[.retryAfter] = RetryAfter.seconds(for: wait)
    } else if fault.isUnavailable {
      response.headers[.retryAfter] = RetryAfter.seconds(engine: engine)
    }
    return response
  }
}

/// The values of `Retry-After` (RFC 9110 §10.2.3): the one rule of when to try again.
package enum RetryAfter {
  /// The seconds for what can pass at once.
  static let soon = "1"

  /// The seconds that 503 names: a failed log stays failed until the server is started again, anything else can pass at
  /// once.
  package static func seconds(engine: RotationEngine) -> String {
    engine.isClosedForWrites ? "30" : soon
  }

  /// The seconds that 429 names: the whole seconds within which the wait ends, at least 1.
  package static func seconds(for wait: Duration) -> String {
    String(max(1, wait.components.seconds + (wait.components.attoseconds > 0 ? 1 : 0)))
  }
}
