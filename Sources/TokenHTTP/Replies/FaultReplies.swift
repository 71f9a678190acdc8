internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import TokenEngine

/// Why a token request is not answered with tokens.
enum TokenFault: Error {
  case form(FormFault)
  case missing(FormParameters.Parameter)
  /// More than one way of client authentication at once.
  case ambiguousClient
  /// No client, an unknown one, or one that did not prove itself.
  case invalidClient
  case unsupportedGrant(named: String)
  case refused(GrantRefusal, GrantType)
  /// Too many log-ins from there failed: none is looked at for that long.
  case putOff(Duration)
  /// As many requests are being answered as may be at once.
  case overloaded
  /// The request may be in order: we could not answer it.
  case failed(EngineFailure)

  /// What a client store threw.
  static func store(_ error: any Error) -> TokenFault {
    .failed((error as? StoreFailure).map { .store($0) } ?? .foreign(error))
  }
}

extension WireFormat {
  /// What `body` answers, or the reply to the fault that it throws. Throws only what the connection throws.
  func answer(
    engine: RotationEngine, logger: Logger, _ body: () async throws -> Response
  ) async throws -> Response {
    do {
      return try await body()
    } catch let fault as FormFault {
      return reply(to: .form(fault), engine: engine, logger: logger)
    } catch let fault as TokenFault {
      return reply(to: fault, engine: engine, logger: logger)
    }
  }

  /// The reply that hands out nothing. 503 says when to come again: a failed log stays failed until somebody starts the server again,
  /// anything else may pass at once.
  func reply(to fault: TokenFault, engine: RotationEngine, logger: Logger?) -> Response {
    if case .failed(let failure) = fault {
      let level = failure.isTemporary ? Logger.Level.warning : .error
      logger?.log(level: level, "request failed", metadata: ["failure": "\(LogText.line(failure.description))"])
    }
    var response =
      switch self {
      case .standard: StandardFaultReply.response(to: fault)
      case .romm: RommFaultReply.response(to: fault)
      }
    if case .putOff(let wait) = fault {
      response.headers[.retryAfter] = String(
        max(1, wait.components.seconds + (wait.components.attoseconds > 0 ? 1 : 0)))
    }
    if response.status == .serviceUnavailable {
      response.headers[.retryAfter] = engine.isClosedForWrites ? "30" : "1"
    }
    return response
  }
}
