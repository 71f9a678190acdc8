import Synchronization

@testable import TokenSigning

/// Records of keys in memory, with the time that a test says.
final class SharedKeyRecords: KeyRecordStore {
  private struct State {
    var records = KeyRecords([:], nowMilliseconds: 0)
    var change: Int64 = 0
    /// Is called before the next write, as somebody who is quicker.
    var rival: (@Sendable (SharedKeyRecords) -> Void)?
    var failure: KeyError?
  }

  private let state = Mutex(State())

  init(nowMilliseconds: Int64) { self.nowMilliseconds = nowMilliseconds }

  var nowMilliseconds: Int64 {
    get { state.withLock { $0.records.nowMilliseconds } }
    set { state.withLock { $0.records.nowMilliseconds = newValue } }
  }

  var lastChange: Int64 { state.withLock { $0.change } }

  var bodies: [String: [UInt8]] {
    get { state.withLock { $0.records.records.mapValues(\.body) } }
    set { state.withLock { state in newValue.forEach { state.records.records[$0]?.body = $1 } } }
  }

  func beforeNextWrite(_ rival: @escaping @Sendable (SharedKeyRecords) -> Void) {
    state.withLock { $0.rival = rival }
  }

  func fail(with failure: KeyError?) { state.withLock { $0.failure = failure } }

  func readKeyRecords() throws(KeyError) -> KeyRecords {
    let (records, failure) = state.withLock { ($0.records, $0.failure) }
    if let failure { throw failure }
    return records
  }

  func writeKeyRecord(_ name: String, _ body: [UInt8], expecting change: Int64?) throws(KeyError) -> Bool {
    let rival = state.withLock { state in
      defer { state.rival = nil }
      return state.rival
    }
    rival?(self)
    return state.withLock { state in
      guard state.records.records[name]?.change == change else { return false }
      state.change += 1
      state.records.records[name] = KeyRecords.Record(body: body, change: state.change)
      return true
    }
  }

  /// Keys of these records, as a server of so many seconds without news has them.
  func keys(under masters: UInt8..., staleSeconds: Int = 5) -> SealedKeys {
    let keys = masters.compactMap { SealingKey(secret: TokenFixtures.secret($0)) }
    return SealedKeys(
      self, masterKeys: MasterKeys(keys, places: masters.map { "key-\($0)" }),
      publication: KeyPublication(staleAfter: .seconds(staleSeconds)))
  }
}
