internal import Platform

/// The address of a peer, as far as limits tell addresses apart: an IPv4 address, or the first 64 bits of an IPv6 one,
/// which is what a single subscriber is given.
///
///     PeerAddress(text: "[2001:db8:1:2::9]:4711") == PeerAddress(text: "2001:db8:1:2::1")  // true
///
/// ``LoginLimiter`` counts by it; a server of your own makes one of the address
/// of its connection, or of what a trusted proxy says.
public struct PeerAddress: Hashable, Sendable {
  /// An IPv4 address is kept as the IPv6 one that is mapped to it.
  private let bytes: [UInt8]

  private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

  /// Reads an address as sockets and proxies write it.
  ///
  ///
  /// - `192.0.2.1` and `192.0.2.1:4711`;
  /// - `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:4711`;
  /// - `::ffff:192.0.2.1`, which is the IPv4 address.
  ///
  /// Fails for anything else, such as a name.
  public init?(text: some StringProtocol) {
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
