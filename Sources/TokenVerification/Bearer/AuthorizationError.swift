/// The reason that the value of an `Authorization` header was refused.
@nonexhaustive
public enum AuthorizationError: Error, Sendable, Hashable {
  /// The header is absent or has another scheme.
  ///
  /// The caller may be asked for a token, and has made no error (RFC 6750 §3.1).
  case absent
  /// The scheme is `Bearer` or `DPoP`, but not exactly one token follows it (RFC 6750 §2.1), or there were several
  /// headers.
  ///
  /// Nobody can know which of several headers a proxy has checked.
  case malformed
  case badToken(BadToken)
  /// The access token is bound to a key, and the proof that came along with it is missing, bad, or was used before
  /// (RFC 9449 §7.1).
  case badProof(BadProof)

  /// A stable label for logs and metrics.
  ///
  /// Do not tell the caller more than `expired` and `revoked` apart from the rest.
  public var reason: String {
    switch self {
    case .absent: "absent"
    case .malformed: "malformed"
    case .badToken(let fault): fault.rawValue
    case .badProof(let bad): bad.fault.rawValue
    }
  }
}

extension AuthorizationError {
  /// The fault of the token alone, for a caller that has no header.
  package var asBadToken: BadToken {
    switch self {
    case .badToken(let fault): fault
    case .badProof: .unproven
    case .absent, .malformed: .malformed
    }
  }

  /// Returns the only value of a header, or nil if it is absent.
  ///
  /// - Throws: ``malformed`` for several: nobody can know which of them a proxy has checked.
  package static func onlyValue(of headers: some Sequence<String>) throws(AuthorizationError) -> String? {
    var headers = headers.makeIterator()
    let first = headers.next()
    guard first == nil || headers.next() == nil else { throw .malformed }
    return first
  }
}
