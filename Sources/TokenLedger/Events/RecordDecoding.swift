import WriteAheadLog

/// A decoder of the records in the payload of one frame, in order.
///
/// The decoder trusts none of the bytes.
///
/// Bytes that do not decode are reported as a `RecordError` with their offset in the payload. The payload is passed to
/// each call, since a span cannot be stored.
struct RecordDecoder {
  private(set) var offset = 0
  private var time = Timestamp.zero

  /// Reads the base time of the frame.
  init(startOf bytes: Span<UInt8>) throws(RecordError) {
    let base = Int64(bitPattern: try littleEndian(UInt64.self, in: bytes))
    guard (0...Timestamp.latestMilliseconds).contains(base) else { throw refusal("the frame's time is out of range") }
    time = Timestamp(milliseconds: base)
  }

  /// Returns the event and the time of the next record.
  ///
  /// `liveGeneration` returns the whole generation of a slot, of which a rotation record repeats only the low byte.
  mutating func next(
    in bytes: Span<UInt8>, liveGeneration: (UInt32) -> UInt32?
  ) throws(RecordError) -> (event: LedgerEvent, time: Timestamp) {
    let start = offset
    guard let kind = RecordKind(rawValue: try byte(in: bytes)) else {
      throw RecordError(byteOffsetInPayload: start, what: "a record of an unknown kind")
    }
    let delta = try variable(in: bytes, max: UInt64(Timestamp.latestMilliseconds))
    time = time.advanced(byMilliseconds: Int64(delta))
    guard time.milliseconds <= Timestamp.latestMilliseconds else { throw refusal("a record's time is out of range") }
    return (try event(of: kind, in: bytes, liveGeneration: liveGeneration), time)
  }

  private mutating func event(
    of kind: RecordKind, in bytes: Span<UInt8>, liveGeneration: (UInt32) -> UInt32?
  ) throws(RecordError) -> LedgerEvent {
    switch kind {
    case .rotated, .rotatedNarrowed, .rotatedWithKey:
      return try rotated(kind, in: bytes, liveGeneration: liveGeneration)
    case .proofUsed:
      let digest = try digest(in: bytes)
      let lifetime = Int64(try variable(in: bytes, max: UInt64(KeyProof.millisecondsMax)))
      return .proofUsed(digest, end: time.advanced(byMilliseconds: lifetime))
    case .named:
      let number = try number(in: bytes)
      let content = try counted(in: bytes, max: SessionGrant.textBytesMax)
      guard let text = String(validating: content, as: UTF8.self) else { throw refusal("a name is not UTF-8") }
      return .named(number: number, text: text)
    case .profiled, .profiledWithVersion:
      return try profiled(kind, in: bytes)
    case .opened, .openedLabelled, .openedWithVersion:
      return try opened(kind, in: bytes)
    case .revoked:
      let slot = try number(in: bytes)
      // Reuse has a record of its own.
      guard let cause = RevocationCause(rawValue: try byte(in: bytes)), cause != .reuse else {
        throw refusal("an unknown cause of revocation")
      }
      return .revoked(slot: slot, cause: cause)
    case .retried, .reused:
      return try reuse(kind, in: bytes)
    case .successorSeen:
      return .successorSeen(slot: try number(in: bytes))
    case .reprofiled:
      return .reprofiled(slot: try number(in: bytes), profile: try number(in: bytes))
    case .revokedBefore:
      return .revokedBefore(try markKey(in: bytes))
    case .markEnded:
      return .markEnded(try markKey(in: bytes))
    case .accessRevoked:
      let (session, generation) = (try sessionID(in: bytes), try variable(in: bytes, max: UInt64(UInt32.max)))
      let lifetime = Int64(try variable(in: bytes, max: UInt64(Lifetimes.accessMillisecondsMax)))
      return .accessRevoked(
        TokenID(session: session, generation: UInt32(generation)), end: time.advanced(byMilliseconds: lifetime))
    case .expired:
      let count = Int(try variable(in: bytes, max: UInt64(RecordEncoder.expiredSlotsMax)))
      var slots: [UInt32] = []
      slots.reserveCapacity(count)
      for _ in 0..<count { slots.append(try number(in: bytes)) }
      return .expired(slots: slots)
    case .oneTimeIssued:
      return try oneTimeIssued(in: bytes)
    case .oneTimeConsumed:
      return .oneTimeConsumed(slot: try number(in: bytes))
    case .clockSeen:
      return .clockSeen
    case .shifted:
      return .shifted(seconds: Int64(try variable(in: bytes, max: UInt64(TimeShifts.secondsMax))))
    }
  }

  private mutating func rotated(
    _ kind: RecordKind, in bytes: Span<UInt8>, liveGeneration: (UInt32) -> UInt32?
  ) throws(RecordError) -> LedgerEvent {
    let slot = try number(in: bytes)
    let low = try byte(in: bytes)
    let isNarrowed =
      kind == .rotatedWithKey
      ? try variable(in: bytes, max: RecordEncoder.rotatedPartScope) != 0 : kind == .rotatedNarrowed
    let narrowedScope = isNarrowed ? try number(in: bytes) : SessionEntry.notNarrowed
    let key = kind == .rotatedWithKey ? try digest(in: bytes) : nil
    guard let live = liveGeneration(slot), UInt8(truncatingIfNeeded: live &+ 1) == low, live != .max else {
      throw refusal("a rotation does not follow the generation of slot \(slot)")
    }
    return .rotated(slot: slot, generation: live + 1, narrowedScope: narrowedScope, key: key)
  }

  private mutating func opened(_ kind: RecordKind, in bytes: Span<UInt8>) throws(RecordError) -> LedgerEvent {
    let (slot, id, subject) = (try number(in: bytes), try sessionID(in: bytes), try number(in: bytes))
    let profile = try number(in: bytes)
    var (label, version) = (LabelTable.none, AccountVersion.unknown)
    var (keys, attributes) = (SessionKeys(), [UInt8]())
    if kind == .openedWithVersion {
      version = AccountVersion(stored: try littleEndian(UInt64.self, in: bytes))
      let parts = try variable(in: bytes, max: RecordEncoder.openedPartsMax)
      if parts & RecordEncoder.openedPartLabel != 0 { label = try number(in: bytes) }
      if parts & RecordEncoder.openedPartAttributes != 0 {
        attributes = try counted(in: bytes, max: SessionGrant.attributesBytesMax)
        guard !attributes.isEmpty else { throw refusal("an opening has attributes of no bytes") }
      }
      if parts & RecordEncoder.openedPartKey != 0 { keys.lifelong = try digest(in: bytes) }
      if parts & RecordEncoder.openedPartAccessKey != 0 { keys.ofLastUse = try digest(in: bytes) }
    } else if kind == .openedLabelled {
      label = try number(in: bytes)
    }
    return .opened(
      slot: slot, id: id, subject: subject, profile: profile, label: label, version: version, keys: keys,
      attributes: attributes)
  }

  private mutating func profiled(_ kind: RecordKind, in bytes: Span<UInt8>) throws(RecordError) -> LedgerEvent {
    let (number, client, scope) = (try number(in: bytes), try number(in: bytes), try number(in: bytes))
    let idle = Int64(try variable(in: bytes, max: UInt64(Lifetimes.millisecondsMax)))
    let absolute = Int64(try variable(in: bytes, max: UInt64(Lifetimes.millisecondsMax)))
    guard let lifetimes = Lifetimes(idleMilliseconds: idle, absoluteMilliseconds: absolute) else {
      throw refusal("a profile's lifetime is out of range")
    }
    guard let rotation = RotationPolicy(rawValue: try byte(in: bytes)) else {
      throw refusal("an unknown rotation policy")
    }
    var profile = SessionProfile(
      client: client, scope: scope, terms: SessionTerms(lifetimes: lifetimes, rotation: rotation))
    if kind == .profiledWithVersion {
      profile.clientVersion = AccountVersion(stored: try littleEndian(UInt64.self, in: bytes))
    }
    return .profiled(number: number, profile: profile)
  }

  private mutating func reuse(_ kind: RecordKind, in bytes: Span<UInt8>) throws(RecordError) -> LedgerEvent {
    let slot = try number(in: bytes)
    guard let reuse = ReuseClass(rawValue: try byte(in: bytes)) else { throw refusal("an unknown class of reuse") }
    if kind == .retried {
      guard reuse == .retry || reuse == .race else { throw refusal("a class of reuse that is not answered") }
      return .retried(slot: slot, reuse)
    }
    let outcome = try byte(in: bytes)
    guard outcome <= 1 else { throw refusal("an unknown outcome of reuse") }
    let behind = try variable(in: bytes, max: UInt64(UInt32.max))
    return .reused(slot: slot, reuse, generationsBehind: UInt32(behind), revokes: outcome == 1)
  }

  private mutating func markKey(in bytes: Span<UInt8>) throws(RecordError) -> MarkKey {
    let kind = try byte(in: bytes)
    let subject = kind == 1 || kind == 3 ? try number(in: bytes) : nil
    let client = kind == 2 || kind == 3 ? try number(in: bytes) : nil
    guard let key = MarkKey(kind: kind, subject: subject, client: client) else {
      throw refusal("an unknown kind of mark")
    }
    return key
  }

  private mutating func oneTimeIssued(in bytes: Span<UInt8>) throws(RecordError) -> LedgerEvent {
    let (slot, id, subject, purpose) = (
      try number(in: bytes), try sessionID(in: bytes), try number(in: bytes), try number(in: bytes)
    )
    let lifetime = Int64(try variable(in: bytes, max: UInt64(Lifetimes.millisecondsMax)))
    let payload = try counted(in: bytes, max: OneTimeGrant.payloadBytesMax)
    return .oneTimeIssued(
      slot: slot, id: id, subject: subject, purpose: purpose,
      endsAt: time.advanced(byMilliseconds: lifetime), payload: payload)
  }

  private mutating func byte(in bytes: Span<UInt8>) throws(RecordError) -> UInt8 {
    guard offset < bytes.count else { throw refusal("a record ends too early") }
    defer { offset += 1 }
    return bytes[offset]
  }

  private mutating func variable(in bytes: Span<UInt8>, max limit: UInt64) throws(RecordError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte(in: bytes)
      guard shift < 63 else { throw refusal("a number is too long") }
      value |= UInt64(next & 0x7F) << shift
      if next & 0x80 == 0 { break }
      shift += 7
    }
    guard value <= limit else { throw refusal("a number is out of range") }
    return value
  }

  private mutating func number(in bytes: Span<UInt8>) throws(RecordError) -> UInt32 {
    UInt32(try variable(in: bytes, max: UInt64(UInt32.max - 1)))
  }

  private mutating func littleEndian<Value: FixedWidthInteger>(
    _: Value.Type, in bytes: Span<UInt8>
  ) throws(RecordError) -> Value {
    var value: Value = 0
    for position in 0..<(Value.bitWidth / 8) {
      value |= Value(truncatingIfNeeded: try byte(in: bytes)) << (position * 8)
    }
    return value
  }

  private mutating func sessionID(in bytes: Span<UInt8>) throws(RecordError) -> SessionID {
    SessionID(high: try littleEndian(UInt64.self, in: bytes), low: try littleEndian(UInt32.self, in: bytes))
  }

  private mutating func counted(in bytes: Span<UInt8>, max limit: Int) throws(RecordError) -> [UInt8] {
    let count = Int(try variable(in: bytes, max: UInt64(limit)))
    var content: [UInt8] = []
    content.reserveCapacity(count)
    for _ in 0..<count { content.append(try byte(in: bytes)) }
    return content
  }

  private mutating func digest(in bytes: Span<UInt8>) throws(RecordError) -> Digest256 {
    var content: [UInt8] = []
    for _ in 0..<Digest256.byteCount { content.append(try byte(in: bytes)) }
    guard let digest = Digest256(content) else { throw refusal("a digest is zero") }
    return digest
  }

  private func refusal(_ what: String) -> RecordError {
    RecordError(byteOffsetInPayload: offset, what: what)
  }
}
