internal import HTTPTypes
package import Hummingbird
internal import NIOCore
internal import Platform

/// The address of a peer, as far as limits tell addresses apart: an IPv4 address, or the first 64 bits of an IPv6 one,
/// which is what a single subscriber is given.
package struct PeerAddress: Hashable, Sendable {
  /// An IPv4 address is kept as the IPv6 one that is mapped to it.
  private let bytes: [UInt8]

  private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

  /// Nil for a Unix domain socket.
  init?(_ address: SocketAddress) {
    guard let text = address.ipAddress else { return nil }
    self.init(text: text)
  }

  /// Reads an address as proxies write it: with or without a port, IPv6 with or without brackets.
  init?(text: some StringProtocol) {
    var text = Substring(text)
    guard !text.utf8.contains(0) else { return nil }
    if text.first == "[" {
      guard let end = text.firstIndex(of: "]") else { return nil }
      text = text[text.index(after: text.startIndex)..<end]
    } else if let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") {
      text = text[..<colon]
    }
    if let bytes = AddressText.ipv4(String(text)) {
      self.bytes = Self.mappedPrefix + bytes
    } else if let bytes = AddressText.ipv6(String(text)) {
      self.bytes = bytes.starts(with: Self.mappedPrefix) ? bytes : Array(bytes[..<8])
    } else {
      return nil
    }
  }
}

/// The rule of which address a request counts for: that of its connection, or the one that the proxy in front names.
package struct AddressSource: Sendable {
  /// Whether every connection comes from a proxy that sets or appends to `X-Forwarded-For`.
  let trustsProxy: Bool

  /// Nil if the context does not know it, or for a Unix domain socket if no proxy names one.
  package func address(of request: Request, context: some RequestContext) -> PeerAddress? {
    let peer = (context as? any RemoteAddressRequestContext)?.remoteAddress.flatMap(PeerAddress.init)
    guard trustsProxy, let name = HTTPField.Name.forwardedFor else { return peer }
    // The client itself wrote what comes before the last entry.
    let last = request.headers[values: name].last?.split(separator: ",").last
    return last.flatMap { PeerAddress(text: $0.drop { $0 == " " }.prefix { $0 != " " }) } ?? peer
  }
}

extension HTTPField.Name {
  static let forwardedFor = HTTPField.Name("X-Forwarded-For")
}
