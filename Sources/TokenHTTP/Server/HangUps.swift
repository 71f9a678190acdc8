internal import NIOCore
internal import Synchronization

/// The connections that have ended, or whose client has sent its last byte, while their requests are handled.
///
/// A request can be read long after it was sent: by a process that stood still, or from a network that was cut. Its
/// client has given up by then and asked elsewhere. Carried out late, it would present a token that was rotated since,
/// or end sessions that were opened since. The end of what it sent is read together with it.
final class HangUps: Sendable {
  /// The number of connections in the set, so that most requests need no lock.
  private let count = Atomic(0)
  private let channels = Mutex<Set<ObjectIdentifier>>([])

  /// Checks whether the connection, or the one of a stream of HTTP/2, is among them.
  ///
  /// The channel is asked for only while there is any in the set; nil stands for one that is not known.
  func contains(_ channel: @autoclosure () -> (any Channel)?) -> Bool {
    guard count.load(ordering: .relaxed) > 0, let channel = channel() else { return false }
    let ids = [channel, channel.parent].compactMap { $0.map(ObjectIdentifier.init) }
    return channels.withLock { channels in ids.contains(where: channels.contains) }
  }

  fileprivate func insert(_ channel: any Channel) {
    let isNew = channels.withLock { $0.insert(ObjectIdentifier(channel)).inserted }
    if isNew { count.add(1, ordering: .relaxed) }
  }

  /// Forgets a connection, once it is closed and no request of it is handled any more.
  func forget(_ channel: any Channel) {
    let isThere = channels.withLock { $0.remove(ObjectIdentifier(channel)) != nil }
    if isThere { count.subtract(1, ordering: .relaxed) }
  }

  var isEmpty: Bool { channels.withLock { $0.isEmpty } }
}

/// Notes the end of a connection, and of what its client sends.
final class HangUpNotice: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = Any

  private let hangUps: HangUps

  init(_ hangUps: HangUps) { self.hangUps = hangUps }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent { hangUps.insert(context.channel) }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    hangUps.insert(context.channel)
    context.fireChannelInactive()
  }
}

/// A context that knows the connection, or the stream of HTTP/2, of its request.
protocol ConnectionContext {
  var channel: any Channel { get }
}
