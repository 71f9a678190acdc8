import NIOCore
import Testing
import TokenEngine

@testable import TokenHTTP

@Suite("An address, as limits tell them apart,")
struct PeerAddressTests {
  @Test(
    "is read with and without port and brackets",
    arguments: ["192.0.2.1:4711", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:4711", "[::ffff:192.0.2.1]"])
  func forms(text: String) {
    #expect(PeerAddress(text: text) == PeerAddress(text: "192.0.2.1"))
  }

  @Test("is the first 64 bits of IPv6, and all of IPv4")
  func prefix() {
    #expect(PeerAddress(text: "2001:db8:1:2::1") == PeerAddress(text: "[2001:db8:1:2:ffff::9]:80"))
    #expect(PeerAddress(text: "2001:db8:1:2::1") != PeerAddress(text: "2001:db8:1:3::1"))
    #expect(PeerAddress(text: "192.0.2.1") != PeerAddress(text: "192.0.2.2"))
  }

  @Test(
    "is none",
    arguments: ["", "unknown", "192.0.2", "192.0.2.256", "[2001:db8::1", "_hidden", "2001:db8::g", "1.2.3.4\0"])
  func malformed(text: String) {
    #expect(PeerAddress(text: text) == nil)
  }

  @Test("is that of a connection")
  func ofAConnection() throws {
    #expect(PeerAddress(try SocketAddress(ipAddress: "192.0.2.1", port: 1)) == PeerAddress(text: "192.0.2.1"))
    #expect(PeerAddress(try SocketAddress(ipAddress: "2001:db8::1", port: 1)) == PeerAddress(text: "2001:db8::"))
    #expect(PeerAddress(try SocketAddress(unixDomainSocketPath: "/run/socket")) == nil)
  }

  @Test("may have so many connections, and as many more as it closes")
  func counts() throws {
    let counts = AddressCounts(max: 2)
    let (one, other) = (try #require(PeerAddress(text: "192.0.2.1")), try #require(PeerAddress(text: "192.0.2.2")))
    #expect(counts.enter(one) && counts.enter(one))
    #expect(!counts.enter(one))
    #expect(counts.enter(other))
    counts.leave(one)
    #expect(counts.enter(one))
    #expect(!counts.enter(one))
    for address in [one, one, other] { counts.leave(address) }
    #expect(counts.isEmpty)
  }
}
