/// The URI of a request without its query and fragment, as a proof names it in `htu` (RFC 9449 §4.3).
///
/// Two spellings are equal if they differ in the letter case of scheme and host, in a default port that is written out,
/// in the percent-encoding of unreserved characters, in the letter case of the digits of such an encoding (RFC 3986
/// §6.2.2 and §6.2.3), or in an empty path for `/`. All else counts: the letter case of the path, a slash at its end,
/// two slashes for one.
package struct DPoPTarget: Sendable, Hashable {
  private let scheme: Scheme
  private let host: [UInt8]
  private let port: Int
  private let path: [UInt8]

  /// Reads an absolute `http` or `https` URI.
  ///
  /// Refuses user information, bytes that no URI has, and dot segments: they would be another path for whoever resolves
  /// them than for whoever does not.
  package init(_ uri: String) throws(DPoPError) {
    let bytes = Array(uri.utf8)
    guard bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .targetMalformed }
    let named = bytes.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    guard let scheme = Scheme.allCases.first(where: { $0.begins(named) }) else { throw .targetMalformed }
    let rest = named.dropFirst(scheme.prefix.count)
    let authority = rest.prefix { $0 != UInt8(ascii: "/") }
    guard let (host, port) = Self.hostAndPort(authority), let path = Self.path(rest[authority.endIndex...]) else {
      throw .targetMalformed
    }
    self.scheme = scheme
    self.host = host
    self.port = port ?? scheme.defaultPort
    self.path = path
  }

  private enum Scheme: Sendable, Hashable, CaseIterable {
    case http
    case https

    var prefix: [UInt8] { Array((self == .http ? "http://" : "https://").utf8) }
    var defaultPort: Int { self == .http ? 80 : 443 }

    func begins(_ uri: ArraySlice<UInt8>) -> Bool { uri.prefix(prefix.count).map(\.lowercased) == prefix }
  }

  /// The host in small letters, and the port where one is written; nil for what is no host of letters, digits, dots,
  /// hyphens and underscores, no address in brackets, or no port from 1 to 65535.
  private static func hostAndPort(_ authority: ArraySlice<UInt8>) -> (host: [UInt8], port: Int?)? {
    var host: ArraySlice<UInt8>
    if authority.first == UInt8(ascii: "["), let end = authority.firstIndex(of: UInt8(ascii: "]")) {
      host = authority[...end]
      guard host.count > 2, host.dropFirst().dropLast().allSatisfy(\.isOfAddress) else { return nil }
    } else {
      host = authority.prefix { $0 != UInt8(ascii: ":") }
      guard !host.isEmpty, host.allSatisfy(\.isOfName) else { return nil }
    }
    let rest = authority[host.endIndex...]
    guard let colon = rest.first else { return (host.map(\.lowercased), nil) }
    guard colon == UInt8(ascii: ":"), let port = port(rest.dropFirst()) else { return nil }
    return (host.map(\.lowercased), port)
  }

  private static func port(_ digits: ArraySlice<UInt8>) -> Int? {
    guard (1...5).contains(digits.count), digits.first != UInt8(ascii: "0") else { return nil }
    var port = 0
    for digit in digits {
      guard let value = digit.hexValue, value < 10 else { return nil }
      port = port * 10 + Int(value)
    }
    return port <= 65535 ? port : nil
  }

  /// The path with unreserved characters as themselves and the rest as it was, escapes in capitals; nil for what is no
  /// path of a URI, and for one with dot segments.
  private static func path(_ written: ArraySlice<UInt8>) -> [UInt8]? {
    var path: [UInt8] = []
    var rest = written
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        guard byte.isOfPath else { return nil }
        path.append(byte)
        continue
      }
      guard let high = rest.popFirst()?.hexValue, let low = rest.popFirst()?.hexValue else { return nil }
      let escaped = high << 4 | low
      path += escaped.isUnreserved ? [escaped] : [byte, high.hexDigit, low.hexDigit]
    }
    let dots = [[UInt8(ascii: ".")], [UInt8(ascii: "."), UInt8(ascii: ".")]]
    guard !path.split(separator: UInt8(ascii: "/")).contains(where: { dots.contains(Array($0)) }) else { return nil }
    return path.isEmpty ? [UInt8(ascii: "/")] : path
  }
}

extension UInt8 {
  fileprivate var lowercased: UInt8 { isCapital ? self | 0x20 : self }

  fileprivate var isCapital: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }

  fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

  fileprivate var isLetter: Bool { isCapital || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }

  fileprivate var hexValue: UInt8? {
    if isDigit { return self - UInt8(ascii: "0") }
    let letter = lowercased
    return (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(letter) ? letter - UInt8(ascii: "a") + 10 : nil
  }

  /// The capital digit of a number below 16.
  fileprivate var hexDigit: UInt8 { self < 10 ? UInt8(ascii: "0") + self : UInt8(ascii: "A") + self - 10 }

  /// RFC 3986 §2.3.
  fileprivate var isUnreserved: Bool { isLetter || isDigit || "-._~".utf8.contains(self) }

  /// RFC 3986 §3.3, without escapes.
  fileprivate var isOfPath: Bool { isUnreserved || "/!$&'()*+,;=:@".utf8.contains(self) }

  fileprivate var isOfName: Bool { isLetter || isDigit || "-._".utf8.contains(self) }

  fileprivate var isOfAddress: Bool { hexValue != nil || ":.".utf8.contains(self) }
}
