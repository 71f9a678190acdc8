internal import HTTPTypes
package import Hummingbird
internal import NIOCore

/// Which address a request counts for: that of its connection, or what the proxy in front says.
package struct AddressSource: Sendable {
  /// Whether every connection comes from a proxy that sets or appends to `X-Forwarded-For`.
  let trustsProxy: Bool

  /// Nil where the context does not know it, or for a Unix domain socket without a proxy's word.
  package func address(of request: Request, context: some RequestContext) -> PeerAddress? {
    let peer = (context as? any RemoteAddressRequestContext)?.remoteAddress.flatMap(PeerAddress.init)
    guard trustsProxy, let name = HTTPField.Name.forwardedFor else { return peer }
    // What came before the last entry is what the client itself wrote.
    let last = request.headers[values: name].last?.split(separator: ",").last
    return last.flatMap { PeerAddress(text: $0.drop { $0 == " " }.prefix { $0 != " " }) } ?? peer
  }
}

extension HTTPField.Name {
  static let forwardedFor = HTTPField.Name("X-Forwarded-For")
}
