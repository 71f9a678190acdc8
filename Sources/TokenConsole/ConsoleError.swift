internal import HTTPTypes
internal import TokenEngine
internal import TokenHTTP
internal import TokenLedger

/// The reason that a page of the console does not show or do what was asked for.
enum ConsoleError: Error {
  case signedOut
  /// The form was not sent by one of our pages, or belongs to an earlier log-in.
  case foreignForm
  case form(FormError)
  case badLink
  case badClient
  /// Too many log-ins from there failed; for this long none is checked.
  case putOff(Duration)
  case noSuchSession
  case failed(EngineError)

  /// Creates the error, or returns nil for one that is not even of the engine.
  init?(_ error: any Error) {
    switch error {
    case let fault as ConsoleError: self = fault
    case let failure as EngineError: self = .failed(failure)
    case let fault as FormError: self = .form(fault)
    default: return nil
    }
  }

  var status: HTTPResponse.Status {
    switch self {
    case .signedOut, .badClient: .unauthorized
    case .foreignForm, .badLink: .forbidden
    case .form(.tooLarge): .contentTooLarge
    case .form: .badRequest
    case .putOff: .tooManyRequests
    case .noSuchSession: .notFound
    case .failed(let failure): Self.isInvalid(failure) ? .badRequest : .serviceUnavailable
    }
  }

  /// Returns the `Retry-After` of the reply, or nil if trying again is of no use.
  func retryAfter(of engine: RotationEngine) -> String? {
    switch self {
    case .putOff(let wait): RetryAfter.seconds(for: wait)
    case .failed(let failure) where !Self.isInvalid(failure): RetryAfter.seconds(engine: engine)
    default: nil
    }
  }

  /// The text for people, which repeats nothing of the request.
  var text: String {
    switch self {
    case .signedOut: "You are signed out, and nothing was done. Sign in again."
    case .foreignForm:
      "The form did not come from this page, or from before you signed in. Nothing was done; try again."
    case .form: "The form or the address could not be read. Nothing was done."
    case .badLink: "This link was used already, has expired or was replaced by a newer one."
    case .badClient: "No admin client has this id and secret."
    case .putOff: "Too many log-ins from this address failed. Wait a minute and try again."
    case .noSuchSession: "There is no such session, and nothing is known of one."
    case .failed(.ledger(.outcomeUnknown(let what))):
      "It is not known if this was done: \(what). Look, and do it again if it was not; to do it twice does no harm."
    case .failed(let failure):
      Self.isInvalid(failure)
        ? failure.description : "The server cannot answer this now: \(failure.description). Nothing more was done."
    }
  }

  private static func isInvalid(_ failure: EngineError) -> Bool {
    switch failure {
    case .invalid, .ledger(.invalid(field: _, limit: _)): true
    default: false
    }
  }
}
