internal import TokenEngine

/// The reasons why a token request gets no tokens.
///
/// A ``TokenWire`` has the words.
enum TokenEndpointError: Error {
  case form(FormError)
  case missing(FormParameters.Parameter)
  /// More than one way of client authentication at once.
  case ambiguousClient
  /// No client, an unknown one, or one that did not prove itself.
  case invalidClient
  case unsupportedGrant(named: String)
  case refused(GrantRefusal, GrantType)
  /// Too many log-ins from there failed: none is looked at for that long.
  case throttled(Duration)
  case notAdmitted(AdmissionRefusal)
  /// The request may be in order, but the engine could not answer it.
  case failed(EngineError)

  /// The fault of a client store that threw.
  static func store(_ error: any Error) -> TokenEndpointError {
    .failed((error as? StoreError).map { .store($0) } ?? .foreign(error))
  }

  /// True if the same request can be answered later, or by another instance.
  ///
  /// Every wire says so with 503.
  var isUnavailable: Bool {
    switch self {
    case .notAdmitted: true
    case .failed(let failure): failure.isUnavailable
    default: false
    }
  }
}
