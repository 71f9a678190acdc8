/// Puts a snapshot into the payloads of a checkpoint's frames, one after another.
struct CheckpointEncoder {
  private let snapshot: LedgerSnapshot
  private var stage = Stage.state
  /// Of what the stage goes through.
  private var next = 0
  private var counts: (names: UInt32, profiles: UInt32, entries: UInt32) = (0, 0, 0)

  private enum Stage {
    case state
    case names
    case profiles
    case slots
    case end
    case finished
  }

  /// A payload that has reached this many bytes takes no further entry.
  private static let payloadBytesTarget = 256 << 10

  init(_ snapshot: LedgerSnapshot) {
    self.snapshot = snapshot
  }

  /// Entries encoded so far that stand for a session or one-time token.
  var entriesDone: Int { Int(counts.entries) }

  /// Replaces `payload`'s content by the next entries and returns how many they are; 0 after the last.
  mutating func fill(_ payload: inout [UInt8]) -> UInt32 {
    payload.removeAll(keepingCapacity: true)
    var count: UInt32 = 0
    while payload.count < Self.payloadBytesTarget, stage != .finished {
      if step(&payload) { count += 1 }
    }
    return count
  }

  /// Goes one place on; returns whether that held an entry.
  private mutating func step(_ payload: inout [UInt8]) -> Bool {
    switch stage {
    case .state:
      payload.append(.state(highestTime: snapshot.highestTime))
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
      guard let slot = advance(before: snapshot.entries.count, then: .end) else { return false }
      guard snapshot.entries[slot].status != .free else { return false }
      payload.append(
        .slot(UInt32(slot), snapshot.entries[slot], payload: snapshot.payloads[UInt32(slot)] ?? []))
      counts.entries += 1
      return true
    case .end:
      payload.append(.end(names: counts.names, profiles: counts.profiles, entries: counts.entries))
      stage = .finished
      return true
    case .finished:
      return false
    }
  }

  /// The place to look at, or nil, and on to the next stage, after the last.
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
    case .state(let highestTime):
      append(CheckpointEntryKind.state.rawValue)
      appendLittleEndian(highestTime.milliseconds)
    case .name(let number, let text):
      append(CheckpointEntryKind.name.rawValue)
      appendLittleEndian(number)
      appendCounted(Array(text.utf8))
    case .profile(let number, let profile):
      append(CheckpointEntryKind.profile.rawValue)
      appendLittleEndian(number)
      appendLittleEndian(profile.client)
      appendLittleEndian(profile.scope)
      appendLittleEndian(profile.lifetimes.idleMilliseconds)
      appendLittleEndian(profile.lifetimes.absoluteMilliseconds)
    case .slot(let slot, let entry, let payload):
      append(slot: slot, entry, payload: payload)
    case .end(let names, let profiles, let entries):
      append(CheckpointEntryKind.end.rawValue)
      appendLittleEndian(names)
      appendLittleEndian(profiles)
      appendLittleEndian(entries)
    }
  }

  private mutating func append(slot: UInt32, _ entry: SessionEntry, payload: [UInt8]) {
    append((entry.isSession ? CheckpointEntryKind.session : .oneTimeToken).rawValue)
    append(entry.status.rawValue)
    appendLittleEndian(slot)
    appendLittleEndian(entry.idHigh)
    appendLittleEndian(entry.idLow)
    appendLittleEndian(entry.openedAt.milliseconds)
    appendLittleEndian(entry.usedAt.milliseconds)
    appendLittleEndian(entry.subject)
    appendLittleEndian(entry.detail)
    if entry.isSession {
      appendLittleEndian(entry.generation)
      appendLittleEndian(entry.narrowedScope)
    } else {
      appendCounted(payload)
    }
  }

  /// A length of two bytes, and the bytes.
  private mutating func appendCounted(_ content: [UInt8]) {
    appendLittleEndian(UInt16(content.count))
    append(contentsOf: content)
  }
}
