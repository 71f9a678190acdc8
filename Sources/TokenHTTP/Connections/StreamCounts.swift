internal import Synchronization

/// How many streams of HTTP/2 are open, in all and per address: each costs what a connection of HTTP/1 does, so there may be as many.
final class StreamCounts: Sendable {
  private let max: Int
  private let count = Atomic(0)
  private let addresses: AddressCounts?

  init(max: Int, addresses: AddressCounts?) {
    self.max = max
    self.addresses = addresses
  }

  /// False, and counts nothing, where there are as many as there may be.
  func enter(_ address: PeerAddress?) -> Bool {
    guard count.add(1, ordering: .relaxed).newValue <= max else {
      count.subtract(1, ordering: .relaxed)
      return false
    }
    guard let address, let addresses, !addresses.enter(address) else { return true }
    count.subtract(1, ordering: .relaxed)
    return false
  }

  /// To be called once for each ``enter(_:)`` that returned true.
  func leave(_ address: PeerAddress?) {
    count.subtract(1, ordering: .relaxed)
    if let address { addresses?.leave(address) }
  }
}
