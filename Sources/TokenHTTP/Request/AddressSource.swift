internal import HTTPTypes
public import Hummingbird
internal import NIOCore
public import TokenEngine

/// The rule of which address a request counts for: that of its connection, or the one that the proxy in front names.
///
///     let addresses = AddressSource(trustsProxy: false)
///     let address = addresses.address(of: request, context: context)
public struct AddressSource: Sendable {
  /// True if every connection comes from a proxy that sets or appends to `X-Forwarded-For`.
  public let trustsProxy: Bool

  public init(trustsProxy: Bool) {
    self.trustsProxy = trustsProxy
  }

  /// Returns the address that a request counts for.
  ///
  /// The address is nil if no proxy names one, and the context does not conform to `RemoteAddressRequestContext` or the
  /// connection is one of a Unix domain socket.
  public func address(of request: Request, context: some RequestContext) -> PeerAddress? {
    address(of: request, peer: (context as? any RemoteAddressRequestContext)?.remoteAddress)
  }

  /// Returns the address that a request counts for, whose connection comes from `peer`.
  func address(of request: Request, peer: SocketAddress?) -> PeerAddress? {
    let peer = peer.flatMap(PeerAddress.init)
    guard trustsProxy, let name = HTTPField.Name.forwardedFor else { return peer }
    // The client itself wrote what comes before the last entry.
    let last = request.headers[values: name].last?.split(separator: ",").last
    return last.flatMap { PeerAddress(text: $0.drop { $0 == " " }.prefix { $0 != " " }) } ?? peer
  }
}

extension PeerAddress {
  /// Fails for a Unix domain socket.
  init?(_ address: SocketAddress) {
    guard let text = address.ipAddress else { return nil }
    self.init(text: text)
  }
}

extension HTTPField.Name {
  static let forwardedFor = HTTPField.Name("X-Forwarded-For")
}
