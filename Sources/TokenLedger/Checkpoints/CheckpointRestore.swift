import WriteAheadLog

/// A builder of a state from the entries of a checkpoint, which must come in order and fit together.
struct CheckpointRestore {
  private enum Stage: Int {
    case nothing
    case state
    case names
    case profiles
    case slots
    case marks
    case revokedTokens
    case usedProofs
    case complete
  }

  private var stage = Stage.nothing
  /// The last number in the current stage.
  private var last: UInt32?
  private var lastMark: MarkKey?
  /// The number of slots from which on a thread of its own fills the table; the state's is empty meanwhile.
  private let slotsAlone: Int
  private var filling: TableFilling?
  /// The entries that the thread gets next.
  private var placed: [TableFilling.Placed] = []
  /// True if the thread has indexed the table.
  private var isIndexed = false
  /// A slot whose id another entry has, found by the thread.
  private var doubled: UInt32?

  /// Creates a builder, which fills the table by itself, or from `slotsAlone` slots on with a thread.
  init(slotsAlone: Int = .max) {
    self.slotsAlone = slotsAlone
  }

  /// True if the end was read.
  var isComplete: Bool { stage == .complete }

  /// Adds an entry to `state`, and returns the reason if it cannot be one.
  ///
  /// The state must not be used after a refusal. `covered` is the last record that the checkpoint covers. Each number
  /// and slot was first used by a record of its own, so that all are lower; without this bound a forged entry could ask
  /// for any amount of memory.
  mutating func apply(_ entry: CheckpointEntry, to state: inout LedgerState, covered: UInt64) -> String? {
    if !entry.isSlot { finishFilling(&state) }
    switch entry {
    case .state(let highestTime, let shifts):
      guard stage == .nothing else { return "a second beginning of a checkpoint" }
      guard highestTime.milliseconds <= Timestamp.latestMilliseconds else { return "a time is out of range" }
      stage = .state
      state.highestTime = highestTime
      state.latestIssue = highestTime
      for shift in shifts {
        if let contradiction = state.shifts.contradiction(in: shift.seconds, from: shift.from) { return contradiction }
        guard shift.from <= highestTime else { return "a shift of time is later than the checkpoint" }
        state.shifts.change(to: shift.seconds, from: shift.from)
      }
      return nil
    case .name(let number, let text):
      guard enter(.names, number, covered) else { return Self.misplaced("name", number) }
      guard state.names.number(of: text) == nil else { return "name \(number) is defined under another number" }
      state.names.extend(to: Int(number))
      state.names.define(text, as: number)
      return nil
    case .profile(let number, let profile):
      guard enter(.profiles, number, covered) else { return Self.misplaced("profile", number) }
      state.profiles.extend(to: Int(number))
      if let contradiction = state.contradiction(
        in: .profiled(number: number, profile: profile), at: state.highestTime)
      {
        return contradiction
      }
      state.apply(.profiled(number: number, profile: profile), at: state.highestTime)
      return nil
    case .slot(let slot, let entry, let label, let payload, let keys):
      guard enter(.slots, slot, covered) else { return Self.misplaced("slot", slot) }
      return apply(slot, entry, label: label, payload: payload, keys, to: &state)
    case .mark(let key, let time):
      guard enter(.marks), lastMark.map({ $0.rank < key.rank }) ?? true else { return "a mark is out of its order" }
      lastMark = key
      if let contradiction = state.contradiction(in: .revokedBefore(key), at: time) { return contradiction }
      guard time <= state.highestTime else { return "a mark is later than the checkpoint" }
      state.apply(.revokedBefore(key), at: time)
      return nil
    case .revokedToken(let token, let end):
      guard enter(.revokedTokens), state.revokedTokens[token] == nil else {
        return "a revoked access token is out of its order"
      }
      guard end > state.highestTime, end.millisecondsSince(state.highestTime) <= Lifetimes.accessMillisecondsMax else {
        return "a revoked access token's end cannot be"
      }
      state.revokedTokens[token] = end
      return nil
    case .usedProof(let digest, let end):
      return apply(.proofUsed(digest, end: end), to: &state)
    case .end(let counts):
      guard stage != .nothing, stage != .complete else { return "an end without a checkpoint" }
      guard counts == state.counts else { return "the checkpoint does not hold as much as it says" }
      if let slot = isIndexed ? doubled : state.table.indexAll() { return "the id of slot \(slot) is already in use" }
      stage = .complete
      return nil
    }
  }

  private mutating func apply(_ use: LedgerEvent, to state: inout LedgerState) -> String? {
    guard enter(.usedProofs) else { return "a used proof is out of its order" }
    if let contradiction = state.contradiction(in: use, at: state.highestTime) { return contradiction }
    state.apply(use, at: state.highestTime)
    return nil
  }

  private mutating func apply(
    _ slot: UInt32, _ entry: SessionEntry, label: UInt32, payload: [UInt8], _ keys: SessionKeys,
    to state: inout LedgerState
  ) -> String? {
    if let contradiction = state.contradiction(inRestored: entry, label, payload, at: slot) { return contradiction }
    guard keys.lifelong == nil || keys.ofLastUse == nil else { return "slot \(slot) is bound to two keys" }
    if filling == nil, state.table.count >= slotsAlone { beginFilling(&state) }
    guard filling != nil else {
      state.restore(entry, at: slot, label: label, payload: payload, keys: keys)
      return nil
    }
    placed.append((slot, entry))
    if placed.count == TableFilling.batchCount { sendPlaced() }
    state.addParts(of: entry, at: slot, label: label, payload: payload, keys)
    return nil
  }

  private mutating func beginFilling(_ state: inout LedgerState) {
    guard let begun = TableFilling(state.table) else { return }
    filling = begun
    state.table = SessionTable()
    placed.reserveCapacity(TableFilling.batchCount)
  }

  private mutating func sendPlaced() {
    filling?.send(placed)
    placed.removeAll(keepingCapacity: true)
  }

  /// Gives the state its table back.
  private mutating func finishFilling(_ state: inout LedgerState) {
    guard let filling else { return }
    sendPlaced()
    (state.table, doubled) = filling.finish()
    (self.filling, isIndexed) = (nil, true)
  }

  /// Enters a stage, and returns whether one of its entries can come now.
  private mutating func enter(_ entered: Stage) -> Bool {
    guard stage != .nothing, stage.rawValue <= entered.rawValue else { return false }
    stage = entered
    return true
  }

  /// Enters a stage, and returns whether its entry with this number can come now.
  private mutating func enter(_ entered: Stage, _ number: UInt32, _ covered: UInt64) -> Bool {
    guard UInt64(number) < covered else { return false }
    if stage == entered, let last, number <= last { return false }
    guard enter(entered) else { return false }
    last = number
    return true
  }

  private static func misplaced(_ word: String, _ number: UInt32) -> String {
    "\(word) \(number) of the checkpoint is out of its order or too high"
  }
}

extension CheckpointEntry {
  fileprivate var isSlot: Bool { if case .slot = self { true } else { false } }
}

extension LedgerState {
  fileprivate var counts: CheckpointCounts {
    CheckpointCounts(
      names: UInt32(names.count), profiles: UInt32(profiles.count), slots: UInt32(table.count),
      marks: UInt32(marks.count), revokedTokens: UInt32(revokedTokens.count), usedProofs: UInt32(proofs.count))
  }

  fileprivate func contradiction(
    inRestored entry: SessionEntry, _ label: UInt32, _ payload: [UInt8], at slot: UInt32
  ) -> String? {
    guard payload.isEmpty || entry.isSession || entry.status == .oneTimeLive else {
      return "slot \(slot) holds a payload that was consumed"
    }
    guard names.isDefined(entry.subject) else { return "name \(entry.subject) is not defined" }
    guard entry.openedAt <= highestTime else { return "slot \(slot) was opened after the checkpoint" }
    guard entry.isSession else { return !names.isDefined(entry.detail) ? "name \(entry.detail) is not defined" : nil }
    guard profiles.isDefined(entry.detail) else { return "profile \(entry.detail) is not defined" }
    guard entry.refreshedAt >= entry.openedAt, entry.refreshedAt <= highestTime else {
      return "slot \(slot) was used before it was opened or after the checkpoint"
    }
    guard entry.narrowedScope == SessionEntry.notNarrowed || names.isDefined(entry.narrowedScope) else {
      return "name \(entry.narrowedScope) is not defined"
    }
    guard label == LabelTable.none || names.isDefined(label) else { return "name \(label) is not defined" }
    return nil
  }
}

extension LedgerState {
  /// Puts an entry into a free slot.
  ///
  /// The entry cannot be found by its id before `SessionTable.indexAll()`. `payload` is the payload of a one-time
  /// token, or the attributes of a session.
  mutating func restore(
    _ entry: SessionEntry, at slot: UInt32, label: UInt32, payload: [UInt8], keys: SessionKeys = SessionKeys()
  ) {
    table.restore(entry, at: slot)
    addParts(of: entry, at: slot, label: label, payload: payload, keys)
  }

  /// Adds all of an entry but its place in the table.
  fileprivate mutating func addParts(
    of entry: SessionEntry, at slot: UInt32, label: UInt32, payload: [UInt8], _ keys: SessionKeys
  ) {
    names.retain(entry.subject)
    guard entry.isSession else {
      names.retain(entry.detail)
      if entry.status == .oneTimeLive { payloads[slot] = payload }
      return
    }
    profiles.retain(entry.detail)
    bind(slot, to: keys, payload)
    if entry.narrowedScope != SessionEntry.notNarrowed { names.retain(entry.narrowedScope) }
    if label != LabelTable.none {
      names.retain(label)
      labels[slot] = label
    }
    guard entry.status == .live else { return }
    liveSessionCount += 1
    bySubject.append(slot, to: entry.subject)
    byProfile.append(slot, to: entry.detail)
  }
}
