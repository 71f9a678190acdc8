import WriteAheadLog

/// Builds a state from the entries of a checkpoint, which must come in their order and fit together.
struct CheckpointRestore {
  private enum Stage: Int {
    case nothing
    case state
    case names
    case profiles
    case slots
    case complete
  }

  private var stage = Stage.nothing
  /// The last number of the stage.
  private var last: UInt32?

  /// Whether the end was read.
  var isComplete: Bool { stage == .complete }

  /// Takes an entry over into `state`; returns why it cannot be one; the state is of no use then.
  ///
  /// - Parameter covered: the last record that the checkpoint covers. Each number and slot was first used by a record of its
  ///   own, so none is as high; without that bound a forged entry could ask for any amount of memory.
  mutating func apply(_ entry: CheckpointEntry, to state: inout LedgerState, covered: UInt64) -> String? {
    switch entry {
    case .state(let highestTime):
      guard stage == .nothing else { return "a second beginning of a checkpoint" }
      guard highestTime.milliseconds <= Timestamp.latestMilliseconds else { return "a time is out of range" }
      stage = .state
      state.highestTime = highestTime
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
      if let contradiction = state.contradiction(in: .profiled(number: number, profile: profile)) {
        return contradiction
      }
      state.apply(.profiled(number: number, profile: profile), at: state.highestTime)
      return nil
    case .slot(let slot, let entry, let payload):
      guard enter(.slots, slot, covered) else { return Self.misplaced("slot", slot) }
      if let contradiction = state.contradiction(inRestored: entry, payload, at: slot) { return contradiction }
      state.restore(entry, at: slot, payload: payload)
      return nil
    case .end(let names, let profiles, let entries):
      guard stage != .nothing, stage != .complete else { return "an end without a checkpoint" }
      guard
        Int(names) == state.names.count, Int(profiles) == state.profiles.count, Int(entries) == state.table.count
      else { return "the checkpoint does not hold as much as it says" }
      stage = .complete
      return nil
    }
  }

  /// Whether an entry of this stage and number may come now.
  private mutating func enter(_ entered: Stage, _ number: UInt32, _ covered: UInt64) -> Bool {
    guard UInt64(number) < covered else { return false }
    guard stage != .nothing, stage.rawValue <= entered.rawValue else { return false }
    if stage == entered, let last, number <= last { return false }
    stage = entered
    last = number
    return true
  }

  private static func misplaced(_ word: String, _ number: UInt32) -> String {
    "\(word) \(number) of the checkpoint is out of its order or too high"
  }
}

extension LedgerState {
  fileprivate func contradiction(inRestored entry: SessionEntry, _ payload: [UInt8], at slot: UInt32) -> String? {
    guard payload.isEmpty || entry.status == .oneTimeLive else {
      return "slot \(slot) holds a payload that was consumed"
    }
    guard table.slot(of: entry.id) == nil else { return "the id of slot \(slot) is already in use" }
    guard names[entry.subject] != nil else { return "name \(entry.subject) is not defined" }
    guard entry.openedAt <= highestTime else { return "slot \(slot) was opened after the checkpoint" }
    guard entry.isSession else { return names[entry.detail] == nil ? "name \(entry.detail) is not defined" : nil }
    guard profiles[entry.detail] != nil else { return "profile \(entry.detail) is not defined" }
    guard entry.usedAt >= entry.openedAt, entry.usedAt <= highestTime else {
      return "slot \(slot) was used before it was opened or after the checkpoint"
    }
    guard entry.narrowedScope == SessionEntry.notNarrowed || names[entry.narrowedScope] != nil else {
      return "name \(entry.narrowedScope) is not defined"
    }
    return nil
  }

  fileprivate mutating func restore(_ entry: SessionEntry, at slot: UInt32, payload: [UInt8]) {
    table.extend(to: Int(slot))
    table.insert(entry, at: slot)
    names.retain(entry.subject)
    guard entry.isSession else {
      names.retain(entry.detail)
      if entry.status == .oneTimeLive { payloads[slot] = payload }
      return
    }
    profiles.retain(entry.detail)
    if entry.narrowedScope != SessionEntry.notNarrowed { names.retain(entry.narrowedScope) }
    if entry.status == .live { liveSessionCount += 1 }
  }
}
