/// The reason that a call of the token server has no result.
@nonexhaustive
public enum TokenClientError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The server has judged the request and refused it; sending it again changes nothing.
  case refused(Refusal)
  /// The server asks to come back later (429 or 503 with `Retry-After`).
  ///
  /// With 429 nothing was done. With 503 mostly nothing was, but the answer of something that was done may have been
  /// lost, so that ``LostReply/Consequence`` holds.
  case tryAgain(after: Duration, status: Int)
  /// The request has not left this machine; nothing was done.
  case notSent(String)
  /// The request may have been carried out, and its reply is lost.
  case unknownOutcome(LostReply)
  /// The tokens that the server has issued could not be stored, so they are not handed out.
  ///
  /// A ``TokenSession`` keeps them, and stores them at the next call; one that could not be created from them leaves
  /// them to its caller.
  case notStored(String)

  public var description: String {
    switch self {
    case .refused(let refusal): refusal.description
    case .tryAgain(let wait, let status): "the server asks to come back after \(wait) (status \(status))"
    case .notSent(let reason): "the request was not sent: \(reason)"
    case .unknownOutcome(let lost): lost.description
    case .notStored(let reason): "the new tokens could not be stored: \(reason)"
    }
  }

  /// True if the server may have carried out what was asked, although there is no result.
  public var mayHaveBeenDone: Bool {
    switch self {
    case .refused, .notSent: false
    case .tryAgain(_, let status): status != 429
    case .unknownOutcome, .notStored: true
    }
  }
}

/// A refusal of the server (RFC 6749 §5.2).
public struct Refusal: Sendable, Hashable, CustomStringConvertible {
  public var status: Int
  /// The `error` of the reply, such as `invalid_grant`, or nil if it names none.
  public var code: String?
  /// The `error_description`, for people.
  public var text: String?

  /// True if the presented grant is worth nothing any more: whoever holds it has to log in again.
  public var endsSession: Bool { code == "invalid_grant" }

  /// True for what the server itself does not have.
  ///
  /// A proxy's own 404 has no code.
  var isNotFound: Bool { status == 404 && code == "not_found" }

  public var description: String {
    "the server refused: \(code ?? "status \(status)")" + (text.map { " (\($0))" } ?? "")
  }
}

/// A reply that did not arrive, with what that means for the request.
public struct LostReply: Error, Sendable, Hashable, CustomStringConvertible {
  @nonexhaustive
  public enum Consequence: Sendable, Hashable {
    /// Nothing: the same request can be sent again, and does or tells the same.
    case none
    /// The refresh token may be consumed.
    ///
    /// Presented again within the client's grace window, the token is answered with the pair that was lost; after it,
    /// the session is taken for stolen and revoked, if the token was consumed. It stays good if the request never
    /// arrived.
    case mayBeConsumed
    /// Something may have been made that nobody holds: a session, which its owner can end, or a token, which ends by
    /// itself.
    ///
    /// Sent again, the request makes another.
    case mayExist
    /// The one-time token may be consumed, and what it was for be granted to nobody.
    case mayBeSpent
  }

  /// The reason in one line.
  public var reason: String
  public var consequence: Consequence

  public var description: String { "the outcome is unknown: \(reason)" }
}
