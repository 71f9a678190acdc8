internal import Platform

/// Bad input is refused before anything changes.
extension RefreshLedger {
  func check(_ request: RotationRequest) throws(LedgerFailure) {
    if let scope = request.narrowedScope { try check("scope", bytes: scope.utf8.count) }
    guard (0...RotationRequest.graceMillisecondsMax).contains(request.graceMilliseconds) else {
      throw .invalid(field: "grace", limit: "from 0 to 300 s")
    }
  }

  func check(_ grant: SessionGrant) throws(LedgerFailure) {
    try check(newName: "subject", grant.subject)
    try check(newName: "client", grant.client)
    try check("scope", bytes: grant.scope.utf8.count)
    guard let label = grant.label else { return }
    guard !label.hasControlCharacters, (1...SessionGrant.labelBytesMax).contains(label.utf8.count) else {
      throw .invalid(field: "label", limit: "1 to \(SessionGrant.labelBytesMax) bytes without control characters")
    }
  }

  func check(_ grant: OneTimeGrant) throws(LedgerFailure) {
    try check(newName: "subject", grant.subject)
    try check("purpose", bytes: grant.purpose.utf8.count, from: 1, max: OneTimeGrant.purposeBytesMax)
    try check("payload", bytes: grant.payload.count, max: OneTimeGrant.payloadBytesMax)
    guard (1...Lifetimes.millisecondsMax).contains(grant.lifetimeMilliseconds) else {
      throw .invalid(field: "lifetime", limit: "from 1 ms to 100 years")
    }
  }

  func check(_ scope: SessionScope) throws(LedgerFailure) {
    switch scope {
    case .subject(let subject): try check(selector: "subject", subject)
    case .client(let client): try check(selector: "client", client)
    case .subjectAtClient(let subject, let client):
      try check(selector: "subject", subject)
      try check(selector: "client", client)
    case .all: break
    }
  }

  func check(batchOf count: Int) throws(LedgerFailure) {
    guard count <= Self.batchMax else { throw .invalid(field: "batch", limit: "at most \(Self.batchMax)") }
  }

  private func check(newName field: String, _ name: String) throws(LedgerFailure) {
    try check(field, bytes: name.utf8.count)
    try NameForm.check(field, name)
  }

  /// One that is not in NFC means just these bytes, which the log of an older release may hold.
  func check(selector field: String, _ name: String) throws(LedgerFailure) {
    try check(field, bytes: name.utf8.count)
    if state.names.number(of: name) == nil { try NameForm.check(field, name) }
  }

  private func check(
    _ field: String, bytes: Int, from min: Int = 0, max: Int = SessionGrant.textBytesMax
  ) throws(LedgerFailure) {
    guard bytes >= min, bytes <= max else { throw .invalid(field: field, limit: "\(min) to \(max) bytes") }
  }
}
