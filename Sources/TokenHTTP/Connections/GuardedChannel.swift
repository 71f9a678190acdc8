internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOSSL

/// A child channel with bounds that need the bare connection: how many an address may have, and how long a TLS handshake may take.
struct GuardedChannel<Base: ServerChildChannel>: ServerChildChannel {
  let base: Base
  /// Nil for no bound.
  let counts: AddressCounts?
  let handshakeTimeout: Duration

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
    let isAdmitted = admit(channel)
    let value = base.setup(channel: channel, logger: logger)
    if let tls = try? channel.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self) {
      do {
        try channel.pipeline.syncOperations.addHandler(
          HandshakeDeadline(timeout: TimeAmount(handshakeTimeout)), position: .after(tls))
      } catch {
        return channel.eventLoop.makeFailedFuture(error)
      }
    }
    // Its set-up must not fail: the server would take that for a fault of its own.
    if !isAdmitted { value.whenComplete { _ in channel.close(promise: nil) } }
    return value
  }

  func handle(value: Base.Value, logger: Logger) async {
    await base.handle(value: value, logger: logger)
  }

  /// Where an address has as many connections as it may, there is nobody to tell: its connection is closed before a byte is read.
  private func admit(_ channel: any Channel) -> Bool {
    guard let counts, let address = channel.remoteAddress.flatMap(PeerAddress.init) else {
      return true
    }
    guard counts.enter(address) else { return false }
    channel.closeFuture.whenComplete { _ in counts.leave(address) }
    return true
  }
}
