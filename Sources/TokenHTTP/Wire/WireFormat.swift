/// How `POST /token` speaks.
public enum WireFormat: String, Sendable, Hashable, CaseIterable {
  /// RFC 6749: clients authenticate, errors are those of its §5.2.
  case standard
  /// As the `/api/token` of rommapp/romm: no client authentication, `expires` beside `expires_in`, errors as
  /// `{"detail": "..."}`.
  case romm
}
