internal import Platform
import WriteAheadLog

/// A decoder of the entries in one frame of a checkpoint, in order.
///
/// The decoder trusts none of the bytes.
struct CheckpointDecoder {
  private(set) var offset = 0

  mutating func next(in bytes: Span<UInt8>) throws(RecordError) -> CheckpointEntry {
    guard let kind = CheckpointEntryKind(rawValue: bytes[offset]) else {
      throw RecordError(byteOffsetInPayload: offset, what: "a checkpoint entry of an unknown kind")
    }
    let fixed = try take(kind.fixedBytes, in: bytes)
    switch kind {
    case .state:
      return .state(highestTime: try time(bytes, at: fixed + 1), shifts: [])
    case .stateWithShifts:
      return try state(bytes, at: fixed)
    case .name:
      let content = try take(
        counted: Int(bytes.integer(UInt16.self, at: fixed + 5)), max: SessionGrant.textBytesMax, in: bytes)
      guard let text = String(validating: content, as: UTF8.self) else { throw refusal(fixed, "a name is not UTF-8") }
      return .name(number: try number(bytes, at: fixed + 1), text: text)
    case .profile, .profileWithVersion:
      let idle = Int64(bitPattern: bytes.integer(UInt64.self, at: fixed + 13))
      let absolute = Int64(bitPattern: bytes.integer(UInt64.self, at: fixed + 21))
      guard let lifetimes = Lifetimes(idleMilliseconds: idle, absoluteMilliseconds: absolute) else {
        throw refusal(fixed, "a profile's lifetime is out of range")
      }
      guard let rotation = RotationPolicy(rawValue: bytes[fixed + 29]) else {
        throw refusal(fixed, "an unknown rotation policy")
      }
      var profile = SessionProfile(
        client: try number(bytes, at: fixed + 5), scope: try number(bytes, at: fixed + 9),
        terms: SessionTerms(lifetimes: lifetimes, rotation: rotation))
      if kind == .profileWithVersion {
        profile.clientVersion = AccountVersion(stored: bytes.integer(UInt64.self, at: fixed + 30))
      }
      return .profile(number: try number(bytes, at: fixed + 1), profile)
    case .session, .sessionWithVersion, .sessionWithParts, .oneTimeToken:
      return try slot(kind, bytes, at: fixed)
    case .mark:
      let (subject, client) = (
        bytes.integer(UInt32.self, at: fixed + 2), bytes.integer(UInt32.self, at: fixed + 6)
      )
      guard
        let key = MarkKey(
          kind: bytes[fixed + 1], subject: subject == .max ? nil : subject, client: client == .max ? nil : client)
      else { throw refusal(fixed, "an unknown kind of mark") }
      return .mark(key, time: try time(bytes, at: fixed + 10))
    case .revokedToken:
      let session = SessionID(
        high: bytes.integer(UInt64.self, at: fixed + 1), low: bytes.integer(UInt32.self, at: fixed + 9))
      return .revokedToken(
        TokenID(session: session, generation: bytes.integer(UInt32.self, at: fixed + 13)),
        end: try time(bytes, at: fixed + 17))
    case .usedProof:
      return .usedProof(try digest(bytes, at: fixed + 1), end: try time(bytes, at: fixed + 33))
    case .end, .endWithProofs:
      func count(_ place: Int) -> UInt32 { bytes.integer(UInt32.self, at: fixed + 1 + 4 * place) }
      return .end(
        CheckpointCounts(
          names: count(0), profiles: count(1), slots: count(2), marks: count(3), revokedTokens: count(4),
          usedProofs: kind == .endWithProofs ? count(5) : 0))
    }
  }

  private mutating func slot(
    _ kind: CheckpointEntryKind, _ bytes: Span<UInt8>, at fixed: Int
  ) throws(RecordError) -> CheckpointEntry {
    guard let status = SessionEntry.Status(rawValue: bytes[fixed + 1]), status != .free else {
      throw refusal(fixed, "an entry is in no state that can be")
    }
    var entry = SessionEntry(
      idHigh: bytes.integer(UInt64.self, at: fixed + 6), openedAt: try time(bytes, at: fixed + 18),
      refreshedAt: try time(bytes, at: fixed + 26), idLow: bytes.integer(UInt32.self, at: fixed + 14),
      subject: try number(bytes, at: fixed + 34), detail: try number(bytes, at: fixed + 38), status: status)
    guard entry.isSession == (kind != .oneTimeToken) else {
      throw refusal(fixed, "an entry's kind and state do not agree")
    }
    let slot = try number(bytes, at: fixed + 2)
    guard kind == .oneTimeToken else {
      entry.generation = bytes.integer(UInt32.self, at: fixed + 42)
      entry.narrowedScope = bytes.integer(UInt32.self, at: fixed + 46)
      guard bytes[fixed + 50] <= 1 else { throw refusal(fixed + 50, "a flag is neither 0 nor 1") }
      entry.hasSeenSuccessor = bytes[fixed + 50] == 1
      if kind != .session {
        entry.version = AccountVersion(stored: bytes.integer(UInt64.self, at: fixed + 55))
      }
      let label = bytes.integer(UInt32.self, at: fixed + 51)
      guard kind == .sessionWithParts else { return .slot(slot, entry, label: label, payload: []) }
      let (keys, attributes) = try parts(UInt64(bytes[fixed + 63]), bytes)
      return .slot(slot, entry, label: label, payload: attributes, keys: keys)
    }
    let count = Int(bytes.integer(UInt16.self, at: fixed + 42))
    return .slot(
      slot, entry, label: LabelTable.none,
      payload: try take(counted: count, max: OneTimeGrant.payloadBytesMax, in: bytes))
  }

  /// Reads the parts that follow a session, in the order of their bits; those of an opening's record, without the
  /// label.
  private mutating func parts(
    _ parts: UInt64, _ bytes: Span<UInt8>
  ) throws(RecordError) -> (SessionKeys, attributes: [UInt8]) {
    var (keys, attributes) = (SessionKeys(), [UInt8]())
    guard parts <= RecordEncoder.openedPartsMax, parts & RecordEncoder.openedPartLabel == 0 else {
      throw refusal(offset, "a session has parts of an unknown kind")
    }
    if parts & RecordEncoder.openedPartAttributes != 0 {
      let count = Int(bytes.integer(UInt16.self, at: try take(2, in: bytes)))
      attributes = try take(counted: count, max: SessionGrant.attributesBytesMax, in: bytes)
    }
    if parts & RecordEncoder.openedPartKey != 0 {
      keys.lifelong = try digest(bytes, at: try take(Digest256.byteCount, in: bytes))
    }
    if parts & RecordEncoder.openedPartAccessKey != 0 {
      keys.ofLastUse = try digest(bytes, at: try take(Digest256.byteCount, in: bytes))
    }
    return (keys, attributes)
  }

  private mutating func state(_ bytes: Span<UInt8>, at fixed: Int) throws(RecordError) -> CheckpointEntry {
    let highest = try time(bytes, at: fixed + 1)
    let count = Int(bytes.integer(UInt16.self, at: fixed + 9))
    guard count <= TimeShifts.changesMax else { throw refusal(fixed, "there are too many shifts of time") }
    let start = try take(16 * count, in: bytes)
    var shifts: [TimeShifts.Change] = []
    for place in stride(from: start, to: start + 16 * count, by: 16) {
      let seconds = bytes.integer(UInt64.self, at: place + 8)
      guard seconds <= UInt64(TimeShifts.secondsMax) else { throw refusal(place, "a shift of time is out of range") }
      shifts.append(TimeShifts.Change(from: try time(bytes, at: place), seconds: Int64(seconds)))
    }
    return .state(highestTime: highest, shifts: shifts)
  }

  /// Returns the offset of the next `count` bytes, all of which exist.
  private mutating func take(_ count: Int, in bytes: Span<UInt8>) throws(RecordError) -> Int {
    guard bytes.count - offset >= count else { throw refusal(offset, "a checkpoint entry ends too early") }
    defer { offset += count }
    return offset
  }

  private mutating func take(
    counted count: Int, max limit: Int, in bytes: Span<UInt8>
  ) throws(RecordError) -> [UInt8] {
    guard count <= limit else { throw refusal(offset, "a text or payload is too long") }
    let start = try take(count, in: bytes)
    var content: [UInt8] = []
    content.reserveCapacity(count)
    for position in start..<(start + count) { content.append(bytes[position]) }
    return content
  }

  private func digest(_ bytes: Span<UInt8>, at place: Int) throws(RecordError) -> Digest256 {
    let content = (place..<(place + Digest256.byteCount)).map { bytes[$0] }
    guard let digest = Digest256(content) else { throw refusal(place, "a digest is zero") }
    return digest
  }

  private func number(_ bytes: Span<UInt8>, at place: Int) throws(RecordError) -> UInt32 {
    let number = bytes.integer(UInt32.self, at: place)
    guard number != .max else { throw refusal(place, "a number is out of range") }
    return number
  }

  private func time(_ bytes: Span<UInt8>, at place: Int) throws(RecordError) -> Timestamp {
    let milliseconds = Int64(bitPattern: bytes.integer(UInt64.self, at: place))
    guard (0...Timestamp.endMilliseconds).contains(milliseconds) else {
      throw refusal(place, "a time is out of range")
    }
    return Timestamp(milliseconds: milliseconds)
  }

  private func refusal(_ place: Int, _ what: String) -> RecordError {
    RecordError(byteOffsetInPayload: place, what: what)
  }
}

extension Timestamp {
  /// The latest end of a one-time token: the time of the latest record plus the longest lifetime.
  static let endMilliseconds = latestMilliseconds + Lifetimes.millisecondsMax
}
