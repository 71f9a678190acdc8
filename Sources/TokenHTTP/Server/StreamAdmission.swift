internal import NIOCore
internal import NIOHTTPTypes
internal import Synchronization
internal import TokenEngine

/// Admits a stream of HTTP/2 or resets it, and tells its connection; on a connection of HTTP/1 it only reports the
/// protocol.
///
/// ``StreamCounts`` decides.
final class StreamAdmission: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart

  private let counts: StreamCounts
  private var connection: ConnectionDeadline?
  private var address: PeerAddress?
  private var isCounted = false

  init(counts: StreamCounts) {
    self.counts = counts
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if let own = try? context.pipeline.syncOperations.handler(type: ConnectionDeadline.self) {
      own.leave()
      return
    }
    // The parent of a stream is its connection; the parent of a connection is the listener, mostly on another event
    // loop.
    guard let parent = context.channel.parent, parent.eventLoop === context.eventLoop,
      let connection = try? parent.pipeline.syncOperations.handler(type: ConnectionDeadline.self)
    else { return }
    self.connection = connection
    connection.streamOpened()
    address = parent.remoteAddress.flatMap(PeerAddress.init)
    isCounted = counts.enter(address)
    guard !isCounted else { return }
    let channel = context.channel
    // Its set-up must end first.
    context.eventLoop.execute { channel.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    connection?.streamClosed()
    connection = nil
    if isCounted { counts.leave(address) }
    isCounted = false
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // A stream that was not admitted is not answered while it is being closed.
    if connection == nil || isCounted { context.fireChannelRead(data) }
  }
}

/// The numbers of open streams of HTTP/2, in all and per address: each costs as much as a connection of HTTP/1, so the
/// same bounds hold.
final class StreamCounts: Sendable {
  private let max: Int
  private let count = Atomic(0)
  private let addresses: AddressCounts?

  init(max: Int, addresses: AddressCounts?) {
    self.max = max
    self.addresses = addresses
  }

  /// Counts one more; returns false, and counts nothing, if there are as many as there may be.
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
