internal import Platform
internal import WriteAheadLog

/// An encoder of a snapshot into the payloads of a checkpoint's frames, one after another.
struct CheckpointEncoder {
  private let snapshot: LedgerSnapshot
  private var stage = Stage.state
  /// The next position in what the stage goes through.
  private var next = 0
  private var counts = CheckpointCounts()
  private let marks: [(key: MarkKey, time: Timestamp)]
  private let revokedTokens: [(key: TokenID, value: Timestamp)]
  private let proofs: [UsedProofs.Entry]

  private enum Stage {
    case state
    case names
    case profiles
    case slots
    case marks
    case revokedTokens
    case usedProofs
    case end
    case finished
  }

  /// The number of bytes from which on a payload takes no further entry.
  private static let payloadBytesTarget = 256 << 10

  init(_ snapshot: LedgerSnapshot) {
    self.snapshot = snapshot
    marks = snapshot.marks.sorted()
    revokedTokens = snapshot.revokedTokens.filter { $0.value > snapshot.highestTime }
      .sorted { ($0.key.session, $0.key.generation) < ($1.key.session, $1.key.generation) }
    proofs = snapshot.proofs.live(after: snapshot.highestTime)
  }

  /// The number of encoded entries that stand for a session or a one-time token.
  var entriesDone: Int { Int(counts.slots) }

  /// Replaces the content of `payload` by the next entries and returns their number, 0 after the last.
  mutating func fill(_ payload: inout [UInt8]) -> UInt32 {
    payload.removeAll(keepingCapacity: true)
    var count: UInt32 = 0
    while payload.count < Self.payloadBytesTarget, stage != .finished {
      if step(&payload) { count += 1 }
    }
    return count
  }

  /// Advances by one position and returns whether it held an entry.
  private mutating func step(_ payload: inout [UInt8]) -> Bool {
    switch stage {
    case .state:
      payload.append(.state(highestTime: snapshot.highestTime, shifts: snapshot.shifts))
      stage = .names
      return true
    case .names:
      guard let number = advance(before: snapshot.names.count, then: .profiles) else { return false }
      guard let text = snapshot.names[number] else { return false }
      payload.append(.name(number: UInt32(number), text: text))
      counts.names += 1
      return true
    case .profiles:
      guard let number = advance(before: snapshot.profiles.count, then: .slots) else { return false }
      guard let profile = snapshot.profiles[number] else { return false }
      payload.append(.profile(number: UInt32(number), profile))
      counts.profiles += 1
      return true
    case .slots:
      guard let slot = advance(before: snapshot.entries.count, then: .marks) else { return false }
      guard snapshot.entries[slot].status != .free else { return false }
      payload.append(
        .slot(
          UInt32(slot), snapshot.entries[slot], label: snapshot.labels[UInt32(slot)] ?? LabelTable.none,
          payload: snapshot.payloads[UInt32(slot)] ?? [], keys: snapshot.keys(at: UInt32(slot))))
      counts.slots += 1
      return true
    case .marks:
      guard let place = advance(before: marks.count, then: .revokedTokens) else { return false }
      payload.append(.mark(marks[place].key, time: marks[place].time))
      counts.marks += 1
      return true
    case .revokedTokens:
      guard let place = advance(before: revokedTokens.count, then: .usedProofs) else { return false }
      payload.append(.revokedToken(revokedTokens[place].key, end: revokedTokens[place].value))
      counts.revokedTokens += 1
      return true
    case .usedProofs:
      guard let place = advance(before: proofs.count, then: .end) else { return false }
      payload.append(.usedProof(proofs[place].digest, end: proofs[place].end))
      counts.usedProofs += 1
      return true
    case .end:
      payload.append(.end(counts))
      stage = .finished
      return true
    case .finished:
      return false
    }
  }

  /// Writes a whole snapshot, gives the file its name, and returns its size.
  ///
  /// `each` is called before each frame is written, with the number of sessions and one-time tokens up to the end of
  /// that frame. An error that it throws ends the writing as `CheckpointError.unnamed`.
  static func write(
    _ snapshot: LedgerSnapshot, to writer: inout CheckpointWriter, each: (Int) throws(LogError) -> Void
  ) throws(CheckpointError) -> UInt64 {
    var encoder = CheckpointEncoder(snapshot)
    var payload: [UInt8] = []
    do throws(LogError) {
      while true {
        let count = encoder.fill(&payload)
        if count == 0 { break }
        try each(encoder.entriesDone)
        try writer.append(payload.span, entryCount: count)
      }
    } catch {
      throw .unnamed(error)
    }
    return try writer.finish()
  }

  /// Returns the current position and moves past it, or returns nil after the last one and moves to the next stage.
  private mutating func advance(before end: Int, then following: Stage) -> Int? {
    guard next < end else {
      next = 0
      stage = following
      return nil
    }
    defer { next += 1 }
    return next
  }
}

extension [UInt8] {
  mutating func append(_ entry: CheckpointEntry) {
    switch entry {
    case .state(let highestTime, let shifts):
      append(CheckpointEntryKind.stateWithShifts.rawValue)
      appendLittleEndian(highestTime.milliseconds)
      appendLittleEndian(UInt16(shifts.count))
      for shift in shifts {
        appendLittleEndian(shift.from.milliseconds)
        appendLittleEndian(shift.seconds)
      }
    case .name(let number, let text):
      append(CheckpointEntryKind.name.rawValue)
      appendLittleEndian(number)
      appendCounted(Array(text.utf8))
    case .profile(let number, let profile):
      append(CheckpointEntryKind.profileWithVersion.rawValue)
      appendLittleEndian(number)
      appendLittleEndian(profile.client)
      appendLittleEndian(profile.scope)
      appendLittleEndian(profile.terms.lifetimes.idleMilliseconds)
      appendLittleEndian(profile.terms.lifetimes.absoluteMilliseconds)
      append(profile.terms.rotation.rawValue)
      appendLittleEndian(profile.clientVersion.digest)
    case .slot(let slot, let entry, let label, let payload, let keys):
      append(slot: slot, entry, label: label, payload: payload, keys)
    case .mark(let key, let time):
      append(CheckpointEntryKind.mark.rawValue)
      append(key.kind)
      appendLittleEndian(key.subject ?? .max)
      appendLittleEndian(key.client ?? .max)
      appendLittleEndian(time.milliseconds)
    case .revokedToken(let token, let end):
      append(CheckpointEntryKind.revokedToken.rawValue)
      appendLittleEndian(token.session.high)
      appendLittleEndian(token.session.low)
      appendLittleEndian(token.generation)
      appendLittleEndian(end.milliseconds)
    case .usedProof(let digest, let end):
      append(CheckpointEntryKind.usedProof.rawValue)
      append(contentsOf: digest.bytes)
      appendLittleEndian(end.milliseconds)
    case .end(let counts):
      append((counts.usedProofs == 0 ? CheckpointEntryKind.end : .endWithProofs).rawValue)
      for count in [counts.names, counts.profiles, counts.slots, counts.marks, counts.revokedTokens] {
        appendLittleEndian(count)
      }
      if counts.usedProofs > 0 { appendLittleEndian(counts.usedProofs) }
    }
  }

  private mutating func append(
    slot: UInt32, _ entry: SessionEntry, label: UInt32, payload: [UInt8], _ keys: SessionKeys
  ) {
    let hasParts = entry.isSession && !(payload.isEmpty && keys.isEmpty)
    let session = hasParts ? CheckpointEntryKind.sessionWithParts : .sessionWithVersion
    append((entry.isSession ? session : .oneTimeToken).rawValue)
    append(entry.status.rawValue)
    appendLittleEndian(slot)
    appendLittleEndian(entry.idHigh)
    appendLittleEndian(entry.idLow)
    appendLittleEndian(entry.openedAt.milliseconds)
    appendLittleEndian(entry.refreshedAt.milliseconds)
    appendLittleEndian(entry.subject)
    appendLittleEndian(entry.detail)
    if entry.isSession {
      appendLittleEndian(entry.generation)
      appendLittleEndian(entry.narrowedScope)
      append(entry.hasSeenSuccessor ? 1 : 0)
      appendLittleEndian(label)
      appendLittleEndian(entry.version.digest)
      if hasParts { append(keys, attributes: payload) }
    } else {
      appendCounted(payload)
    }
  }

  /// Appends the parts of a session, after the sum of their bits.
  private mutating func append(_ keys: SessionKeys, attributes: [UInt8]) {
    append(UInt8(truncatingIfNeeded: RecordEncoder.parts(keys, attributes: attributes)))
    if !attributes.isEmpty { appendCounted(attributes) }
    append(keys)
  }

  /// Appends the length as two bytes, followed by the bytes.
  private mutating func appendCounted(_ content: [UInt8]) {
    appendLittleEndian(UInt16(content.count))
    append(contentsOf: content)
  }
}
