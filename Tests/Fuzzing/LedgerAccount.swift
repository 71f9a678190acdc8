@testable import TokenLedger

/// Counts a state by going through all of it, and compares with what it says of itself.
struct LedgerAccount: Equatable {
  private var entries: [String] = []
  private var names: [UInt32: String] = [:]
  private var profiles: [UInt32: SessionProfile] = [:]
  private var payloads: [UInt32: [UInt8]] = [:]
  private var nextSlot: UInt32?
  private var nextName: UInt32
  private var highestTime: Timestamp
  private var shifts: TimeShifts
  private var labels: [UInt32: UInt32] = [:]
  private var keys: [UInt32: SessionKeys] = [:]
  private var proofs: [Digest256: Timestamp] = [:]
  private var marks: [MarkKey: Timestamp] = [:]
  /// Those that have not ended.
  private var revokedTokens: [TokenID: Timestamp]

  private static let numbersMax: UInt32 = 256

  init(_ state: LedgerState) {
    highestTime = state.highestTime
    shifts = state.shifts
    marks = state.marks.times
    revokedTokens = state.revokedTokens.filter { $0.value > state.highestTime }
    nextSlot = state.table.nextFree()
    nextName = state.names.nextFree()
    for slot in 0..<UInt32(state.table.slotCount) where state.table[slot].status != .free {
      entries.append("\(slot) \(state.table[slot])")
      payloads[slot] = state.payloads[slot]
      labels[slot] = state.labels[slot]
      keys[slot] = state.keys(at: slot)
    }
    for used in state.proofs.entries.live(after: state.highestTime) { proofs[used.digest] = used.end }
    for number in 0..<Self.numbersMax {
      names[number] = state.names[number]
      profiles[number] = state.profiles[number]
    }
  }

  static func check(_ state: LedgerState) {
    var (used, live) = (0, 0)
    for slot in 0..<UInt32(state.table.slotCount) {
      let entry = state.table[slot]
      guard entry.status != .free else {
        require(state.payloads[slot] == nil, "a free slot has a payload")
        require(state.labels[slot] == nil, "a free slot has a label")
        require(state.keys(at: slot) == SessionKeys(), "a free slot has a key")
        continue
      }
      used += 1
      if entry.status == .live { live += 1 }
      require(state.table.slot(of: entry.id) == slot, "slot \(slot) is not found by its id")
      require(state.names[entry.subject] != nil, "the subject of slot \(slot) has no name")
      // Of a session they are its attributes.
      require(
        state.payloads[slot] == nil || entry.status == .oneTimeLive || entry.isSession, "a consumed token has a payload"
      )
      let keys = state.keys(at: slot)
      require(keys == SessionKeys() || entry.isSession, "a one-time token is bound to a key")
      require(keys.lifelong == nil || keys.ofLastUse == nil, "a session is bound to two keys")
      if entry.isSession {
        guard let profile = state.profiles[entry.detail] else {
          require(false, "slot \(slot) has no profile")
          continue
        }
        require(state.names[profile.client] != nil && state.names[profile.scope] != nil, "a profile without names")
        let absolute = entry.openedAt.advanced(byMilliseconds: profile.terms.lifetimes.absoluteMilliseconds)
        let isRevoked = entry.status == .revoked
        require(isRevoked || state.expiry(of: entry) <= absolute, "slot \(slot) outlives its absolute end")
      }
    }
    checkLists(state)
    require(used == state.table.count, "\(used) entries, and the table says \(state.table.count)")
    require(live == state.liveSessionCount, "\(live) live sessions, and the state says \(state.liveSessionCount)")
    if let free = state.table.nextFree() { require(state.table.isFree(free), "the next free slot is taken") }
    require(state.names.isFree(state.names.nextFree()), "the next free name is taken")
  }

  /// The lists of a subject's and a profile's sessions hold each live one once.
  private static func checkLists(_ state: LedgerState) {
    for slot in 0..<UInt32(state.table.slotCount) where state.table[slot].isSession {
      let (entry, label) = (state.table[slot], state.labels[slot])
      require(label == nil || label.flatMap { state.names[$0] } != nil, "the label of slot \(slot) has no name")
      let times = entry.status == .live ? 1 : 0
      require(
        state.bySubject.slots(of: entry.subject).count { $0 == slot } == times, "slot \(slot) in its subject's list")
      require(
        state.byProfile.slots(of: entry.detail).count { $0 == slot } == times, "slot \(slot) in its profile's list")
    }
    for (key, _) in state.marks.times {
      for name in [key.subject, key.client] {
        require(name == nil || name.flatMap { state.names[$0] } != nil, "a mark without names")
      }
    }
  }

  /// Frees every entry, as their end would: of names and profiles only those that nobody ever used may be left.
  static func drain(_ state: inout LedgerState) {
    let slots = (0..<UInt32(state.table.slotCount)).filter { state.table[$0].status != .free }
    let event = LedgerEvent.expired(slots: slots)
    require(state.contradiction(in: event, at: state.highestTime) == nil, "entries cannot end")
    state.apply(event, at: state.highestTime)
    require(state.table.count == 0, "an entry outlived its end")
    require(state.liveSessionCount == 0, "a live session is left of none")
    require(state.payloads.isEmpty, "a payload outlived its token")
    check(state)
  }
}
