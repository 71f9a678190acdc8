internal import Synchronization

/// How many connections each address has open.
final class AddressCounts: Sendable {
  private let max: Int
  private let counts = Mutex<[PeerAddress: Int]>([:])

  /// - Parameter max: 1 at least.
  init(max: Int) {
    precondition(max >= 1, "a bound that lets nothing through")
    self.max = max
  }

  /// Counts one more; false, and counts nothing, where the address has as many as it may.
  func enter(_ address: PeerAddress) -> Bool {
    counts.withLock { counts in
      let count = counts[address, default: 0]
      guard count < max else { return false }
      counts[address] = count + 1
      return true
    }
  }

  /// To be called once for each ``enter(_:)`` that returned true.
  func leave(_ address: PeerAddress) {
    counts.withLock { counts in
      guard let count = counts[address] else { return }
      counts[address] = count > 1 ? count - 1 : nil
    }
  }

  var isEmpty: Bool { counts.withLock { $0.isEmpty } }
}
