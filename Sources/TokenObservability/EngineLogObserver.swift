public import Logging
public import TokenEngine

/// An observer that writes the engine's events to a log, one line for each event.
///
/// Rotations are at level debug, log-ins and revocations at info, refusals at notice, and a reused token, which may be
/// stolen, at warning. A database that cannot be reached is at error, and at notice when it answers again. A session is
/// identified by its id and a token by its `jti`, as in audit events and commands; no line holds a token or a secret.
///
/// The handler behind the logger must not wait for the reader of the lines, since callers of the engine would wait with
/// it. swift-log's own `StreamLogHandler` for a standard stream waits when a pipe is full.
public struct EngineLogObserver: EngineObserver {
  private let logger: Logger

  public init(logger: Logger) {
    self.logger = logger
  }

  public func engine(observed event: EngineEvent) {
    switch event {
    case .opened(let token, let subject, let client):
      logger.info("session opened", metadata: metadata(token, subject: subject, client: client))
    case .rotated(let token, let subject, let client):
      logger.debug("token rotated", metadata: metadata(token, subject: subject, client: client))
    case .refreshed(let token, let subject, let client):
      logger.debug("session refreshed", metadata: metadata(token, subject: subject, client: client))
    case .clientGranted(let token, let client):
      logger.info("token issued to a client", metadata: metadata(token, client: client))
    case .retried(let token, let subject, let client, let reuse):
      var metadata = metadata(token, subject: subject, client: client)
      metadata["class"] = "\(reuse)"
      logger.info("pair repeated in the grace window", metadata: metadata)
    case .refused(let refusal, let token, let client):
      tell(refusal, metadata(token, client: client))
    case .revoked(let session):
      logger.info("session revoked", metadata: ["session": .string(session.text)])
    case .revokedAll(let scope):
      logger.notice("sessions revoked", metadata: ["of": line("\(scope)")])
    case .accessRevoked(let token):
      logger.info("access token revoked", metadata: ["token": .string(token.text)])
    case .oneTimeIssued(let id, let subject, let purpose):
      logger.info("one-time token issued", metadata: oneTime(id, purpose, subject: subject))
    case .oneTimeConsumed(let id, let subject, let purpose):
      logger.info("one-time token consumed", metadata: oneTime(id, purpose, subject: subject))
    case .oneTimeRefused(let refusal, let id, let purpose):
      var metadata = oneTime(id, purpose)
      metadata["reason"] = .string(refusal.reason)
      logger.notice("one-time token refused", metadata: metadata)
    case .checkpointed(let sequence, let entries, let bytes, let segmentsRemoved):
      logger.info(
        "checkpoint written",
        metadata: [
          "sequence": .stringConvertible(sequence), "entries": .stringConvertible(entries),
          "bytes": .stringConvertible(bytes), "segments_removed": .stringConvertible(segmentsRemoved),
        ])
    case .checkpointFailed(let what):
      logger.error("checkpoint failed; the log goes on", metadata: ["failure": sentence(what)])
    case .clockStepped(let step, let shift):
      tell(stepOf: step, shift: shift)
    case .keysReloaded:
      logger.notice("the keys were read again")
    case .keysRefused(let what):
      logger.error("the keys from before stay in force", metadata: ["failure": sentence(what)])
    case .databaseUnavailable, .databaseAvailable, .feedStale, .feedCaughtUp, .outcomeUnknown, .databaseFenced,
      .databaseDamaged:
      tell(ofDatabase: event)
    case .policyDiffers(let before, let now):
      logger.warning(
        "the instance before this one had another policy", metadata: ["before": line(before), "now": line(now)])
    }
  }

  private func tell(_ refusal: GrantRefusal, _ metadata: Logger.Metadata) {
    var metadata = metadata
    metadata["reason"] = .string(refusal.reason)
    if case .reused(let reuse, let behind, let revoked) = refusal {
      metadata["class"] = "\(reuse)"
      metadata["generations_behind"] = .stringConvertible(behind)
      metadata["revoked_session"] = .stringConvertible(revoked)
      logger.warning("used refresh token presented again", metadata: metadata)
    } else if case .neverIssued(let ahead) = refusal {
      metadata["generations_ahead"] = .stringConvertible(ahead)
      logger.error("refresh token is ahead of the ledger, which was rolled back; session revoked", metadata: metadata)
    } else {
      logger.notice("grant refused", metadata: metadata)
    }
  }

  private func tell(ofDatabase event: EngineEvent) {
    switch event {
    case .databaseUnavailable(let why):
      logger.error("the database cannot be reached; changes are refused", metadata: ["failure": sentence(why)])
    case .databaseAvailable:
      logger.notice("the database answers again; changes are accepted")
    case .feedStale(let age):
      logger.warning(
        "what other instances revoke is not heard of", metadata: ["age_ms": .stringConvertible(age.wholeMilliseconds)])
    case .feedCaughtUp:
      logger.notice("what other instances revoked is known again")
    case .outcomeUnknown(let why):
      logger.warning(
        "it is not known if a change was made; its caller was asked to try again", metadata: ["failure": sentence(why)])
    case .databaseFenced(let fix):
      logger.critical(
        "the database has lost acknowledged changes; nothing is served from it", metadata: ["fix": sentence(fix)])
    case .databaseDamaged(let what):
      logger.error("a row of the database cannot be read and was passed over", metadata: ["failure": sentence(what)])
    default: break
    }
  }

  private func tell(stepOf step: Int64, shift: Int64) {
    let sentence =
      shift > 0
      ? "the wall clock is \(shift) s behind the time that tokens were issued at: they end when they should, and their times are corrected by that"
      : "the wall clock was set \(step < 0 ? "back" : "forwards")"
    logger.warning(
      "\(sentence)", metadata: ["step_ms": .stringConvertible(step), "shift_seconds": .stringConvertible(shift)])
  }

  private func line(_ text: String) -> Logger.MetadataValue { .string(LogText.line(text)) }

  private func sentence(_ text: String) -> Logger.MetadataValue { .string(LogText.sentence(text)) }

  private func oneTime(_ id: SessionID?, _ purpose: String, subject: String? = nil) -> Logger.Metadata {
    var metadata: Logger.Metadata = ["purpose": line(purpose)]
    if let id { metadata["token"] = .string(id.text) }
    if let subject { metadata["subject"] = line(subject) }
    return metadata
  }

  private func metadata(_ token: TokenID?, subject: String? = nil, client: String) -> Logger.Metadata {
    var metadata: Logger.Metadata = ["client": line(client)]
    if let subject { metadata["subject"] = line(subject) }
    if let token {
      metadata["session"] = .string(token.session.text)
      metadata["token"] = .string(token.text)
    }
    return metadata
  }
}

/// Text that is safe in a log line: without control characters, line separators and marks that change the direction of
/// the text.
package enum LogText {
  /// Returns a name or another text from outside, cut after 256 scalars.
  package static func line(_ text: String) -> String { line(text, scalarsMax: 256) }

  /// Returns an error text of this program or of one that it calls, cut after 4,096 scalars.
  ///
  /// Such a text can be long: it may list the hosts of a database, each with its error, and end with the fix.
  package static func sentence(_ text: String) -> String { line(text, scalarsMax: 4096) }

  private static func line(_ text: String, scalarsMax: Int) -> String {
    let kept = text.unicodeScalars.lazy.filter { !changesTheLine($0) }.prefix(scalarsMax)
    return String(String.UnicodeScalarView(kept))
  }

  private static func changesTheLine(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
