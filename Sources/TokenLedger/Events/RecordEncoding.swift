internal import Platform

/// The first byte of a record: its kind (docs/wal-format.md, section 5).
enum RecordKind: UInt8 {
  case named = 1
  case profiled = 2
  case opened = 3
  case rotated = 4
  case rotatedNarrowed = 5
  case revoked = 6
  case expired = 7
  case oneTimeIssued = 8
  case oneTimeConsumed = 9
  case clockSeen = 10
  case openedLabelled = 11
  case retried = 12
  case reused = 13
  case successorSeen = 14
  case revokedBefore = 15
  case markEnded = 16
  case accessRevoked = 17
  case reprofiled = 18
  case profiledWithVersion = 19
  case openedWithVersion = 20
  case shifted = 21
  case proofUsed = 22
  case rotatedWithKey = 23
}

/// An encoder of events as the bytes of records.
///
/// The first record of a frame is preceded by the base time of the frame. Each record carries the milliseconds since
/// the one before it, which the ledger's clock keeps from being negative.
struct RecordEncoder {
  private var previousTime = Timestamp.zero

  /// The most slots in one `expired` record.
  static let expiredSlotsMax = 256
  /// The bits that mark the parts of an opening: a label, attributes, the key that the session is bound to for its
  /// life, and the key that only its first access token is bound to.
  static let (openedPartLabel, openedPartAttributes): (UInt64, UInt64) = (1, 2)
  static let (openedPartKey, openedPartAccessKey): (UInt64, UInt64) = (4, 8)
  static let openedPartsMax: UInt64 = 15
  /// The bit that marks a rotation with a key as narrowed.
  static let rotatedPartScope: UInt64 = 1

  /// Returns the sum of the bits of a session's keys and attributes, in a record and in a checkpoint's entry.
  static func parts(_ keys: SessionKeys, attributes: [UInt8]) -> UInt64 {
    (attributes.isEmpty ? 0 : openedPartAttributes) + (keys.lifelong == nil ? 0 : openedPartKey)
      + (keys.ofLastUse == nil ? 0 : openedPartAccessKey)
  }

  mutating func encode(_ event: LedgerEvent, at time: Timestamp, into bytes: inout [UInt8], startsFrame: Bool) {
    if startsFrame {
      bytes.appendLittleEndian(UInt64(bitPattern: time.milliseconds))
      previousTime = time
    }
    let delta = UInt64(max(0, time.millisecondsSince(previousTime)))
    previousTime = time
    switch event {
    case .rotated(let slot, let generation, let narrowedScope, let key?):
      bytes.append(delta, slot: slot, generation: generation, narrowedScope: narrowedScope, key)
    case .rotated(let slot, let generation, let narrowedScope, nil):
      bytes.append(delta, slot: slot, generation: generation, narrowedScope: narrowedScope)
    case .named(let number, let text):
      bytes.begin(.named, delta)
      bytes.appendVariable(UInt64(number))
      bytes.appendCounted(text.utf8)
    case .profiled(let number, let profile):
      bytes.append(.profiledWithVersion, delta, [UInt64(number)] + profile.numbers)
      bytes.appendLittleEndian(profile.clientVersion.digest)
    case .proofUsed(let digest, let end):
      bytes.begin(.proofUsed, delta)
      bytes.append(contentsOf: digest.bytes)
      bytes.appendVariable(UInt64(max(0, end.millisecondsSince(time))))
    case .opened(let slot, let id, let subject, let profile, let label, let version, let keys, let attributes):
      bytes.begin(.openedWithVersion, delta)
      bytes.append(slot: slot, id: id, subject: subject)
      bytes.append(profile: profile, version, label: label, keys, attributes: attributes)
    case .revoked(let slot, let cause):
      bytes.append(.revoked, delta, [UInt64(slot), UInt64(cause.rawValue)])
    case .expired(let slots):
      bytes.append(.expired, delta, [UInt64(slots.count)] + slots.map(UInt64.init))
    case .oneTimeIssued(let slot, let id, let subject, let purpose, let endsAt, let payload):
      bytes.begin(.oneTimeIssued, delta)
      bytes.append(slot: slot, id: id, subject: subject)
      bytes.append(purpose: purpose, lifetime: endsAt.millisecondsSince(time), payload)
    case .oneTimeConsumed(let slot):
      bytes.append(.oneTimeConsumed, delta, [UInt64(slot)])
    case .clockSeen:
      bytes.begin(.clockSeen, delta)
    case .shifted(let seconds):
      bytes.append(.shifted, delta, [UInt64(max(0, seconds))])
    case .retried(let slot, let reuse):
      bytes.append(.retried, delta, [UInt64(slot), UInt64(reuse.rawValue)])
    case .reused(let slot, let reuse, let behind, let revokes):
      bytes.append(.reused, delta, [UInt64(slot), UInt64(reuse.rawValue), revokes ? 1 : 0, UInt64(behind)])
    case .successorSeen(let slot):
      bytes.append(.successorSeen, delta, [UInt64(slot)])
    case .reprofiled(let slot, let profile):
      bytes.append(.reprofiled, delta, [UInt64(slot), UInt64(profile)])
    case .revokedBefore(let key):
      bytes.append(.revokedBefore, delta, key.numbers)
    case .markEnded(let key):
      bytes.append(.markEnded, delta, key.numbers)
    case .accessRevoked(let token, let end):
      bytes.begin(.accessRevoked, delta)
      bytes.append(token.session)
      bytes.appendVariable(UInt64(token.generation))
      bytes.appendVariable(UInt64(max(0, end.millisecondsSince(time))))
    }
  }
}

extension SessionProfile {
  /// The numbers by which a record describes the profile.
  fileprivate var numbers: [UInt64] {
    [
      UInt64(client), UInt64(scope), UInt64(terms.lifetimes.idleMilliseconds),
      UInt64(terms.lifetimes.absoluteMilliseconds), UInt64(terms.rotation.rawValue),
    ]
  }
}

extension MarkKey {
  /// The numbers by which a record describes the key.
  fileprivate var numbers: [UInt64] { [UInt64(kind)] + [subject, client].compactMap { $0.map(UInt64.init) } }
}

extension [UInt8] {
  fileprivate mutating func begin(_ kind: RecordKind, _ delta: UInt64) {
    append(kind.rawValue)
    appendVariable(delta)
  }

  fileprivate mutating func append(slot: UInt32, id: SessionID, subject: UInt32) {
    appendVariable(UInt64(slot))
    append(id)
    appendVariable(UInt64(subject))
  }

  fileprivate mutating func append(purpose: UInt32, lifetime: Int64, _ payload: [UInt8]) {
    appendVariable(UInt64(purpose))
    appendVariable(UInt64(Swift.max(0, lifetime)))
    appendCounted(payload)
  }

  @inline(__always)
  fileprivate mutating func append(_ delta: UInt64, slot: UInt32, generation: UInt32, narrowedScope: UInt32) {
    let isNarrowed = narrowedScope != SessionEntry.notNarrowed
    begin(isNarrowed ? .rotatedNarrowed : .rotated, delta)
    appendVariable(UInt64(slot))
    append(UInt8(truncatingIfNeeded: generation))
    if isNarrowed { appendVariable(UInt64(narrowedScope)) }
  }

  /// Appends a rotation whose access token is bound to a key.
  fileprivate mutating func append(
    _ delta: UInt64, slot: UInt32, generation: UInt32, narrowedScope: UInt32, _ key: Digest256
  ) {
    let isNarrowed = narrowedScope != SessionEntry.notNarrowed
    begin(.rotatedWithKey, delta)
    appendVariable(UInt64(slot))
    append(UInt8(truncatingIfNeeded: generation))
    appendVariable(isNarrowed ? RecordEncoder.rotatedPartScope : 0)
    if isNarrowed { appendVariable(UInt64(narrowedScope)) }
    append(contentsOf: key.bytes)
  }

  /// Appends the profile and the version of an opening, and its parts after the sum of their bits.
  fileprivate mutating func append(
    profile: UInt32, _ version: AccountVersion, label: UInt32, _ keys: SessionKeys, attributes: [UInt8]
  ) {
    appendVariable(UInt64(profile))
    appendLittleEndian(version.digest)
    let hasLabel = label != LabelTable.none
    appendVariable(
      (hasLabel ? RecordEncoder.openedPartLabel : 0) + RecordEncoder.parts(keys, attributes: attributes))
    if hasLabel { appendVariable(UInt64(label)) }
    if !attributes.isEmpty { appendCounted(attributes) }
    append(keys)
  }

  /// Appends the keys that there are, in the order of their bits.
  mutating func append(_ keys: SessionKeys) {
    if let key = keys.lifelong { append(contentsOf: key.bytes) }
    if let key = keys.ofLastUse { append(contentsOf: key.bytes) }
  }

  fileprivate mutating func append(_ kind: RecordKind, _ delta: UInt64, _ numbers: [UInt64]) {
    begin(kind, delta)
    for number in numbers { appendVariable(number) }
  }

  fileprivate mutating func append(_ id: SessionID) {
    appendLittleEndian(id.high)
    appendLittleEndian(id.low)
  }

  /// Appends a number in LEB128: seven bits a byte, lowest first, the high bit set on all but the last.
  fileprivate mutating func appendVariable(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  fileprivate mutating func appendCounted(_ content: some Collection<UInt8>) {
    appendVariable(UInt64(content.count))
    append(contentsOf: content)
  }
}
