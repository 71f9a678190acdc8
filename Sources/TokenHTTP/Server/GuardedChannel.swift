internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOSSL
internal import Synchronization
internal import TokenEngine

/// A child channel with what needs the bare connection: how many an address can have, how long a TLS connection can be
/// idle, and when the client hangs up.
struct GuardedChannel<Base: ServerChildChannel>: ServerChildChannel {
  let base: Base
  /// The connections of each address, or nil if they have no bound.
  let counts: AddressCounts?
  let headerTimeout: Duration
  let idleTimeout: Duration
  /// True if a connection can become one of HTTP/2.
  let awaitsStreams: Bool
  let hangUps: HangUps

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
    let isAdmitted = admit(channel)
    do {
      try channel.pipeline.syncOperations.addHandler(HangUpNotice(hangUps))
    } catch {
      return channel.eventLoop.makeFailedFuture(error)
    }
    let value = base.setup(channel: channel, logger: logger)
    if let tls = try? channel.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self) {
      do {
        try channel.pipeline.syncOperations.addHandler(
          ConnectionDeadline(headerTimeout: headerTimeout, idleTimeout: idleTimeout, awaitsStreams: awaitsStreams),
          position: .after(tls))
      } catch {
        return channel.eventLoop.makeFailedFuture(error)
      }
    }
    // Its set-up must not fail: the server would take that for a failure of its own.
    if !isAdmitted { value.whenComplete { _ in channel.close(promise: nil) } }
    return value
  }

  func handle(value: Base.Value, logger: Logger) async {
    await base.handle(value: value, logger: logger)
    let channel = value.channel
    channel.closeFuture.whenComplete { _ in hangUps.forget(channel) }
  }

  /// Counts a connection.
  ///
  /// Past the bound of its address there is nobody to tell: it is closed before a byte is read.
  private func admit(_ channel: any Channel) -> Bool {
    guard let counts, let address = channel.remoteAddress.flatMap(PeerAddress.init) else {
      return true
    }
    guard counts.enter(address) else { return false }
    channel.closeFuture.whenComplete { _ in counts.leave(address) }
    return true
  }
}

/// The number of open connections of each address.
final class AddressCounts: Sendable {
  private let max: Int
  private let counts = Mutex<[PeerAddress: Int]>([:])

  /// - Parameter max: 1 at least.
  init(max: Int) {
    precondition(max >= 1, "a bound that lets nothing through")
    self.max = max
  }

  /// Counts one more; returns false, and counts nothing, if the address has as many as it may.
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
