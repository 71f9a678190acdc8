import RefreshRotationLoad

/// The file of `load --tokens`, with one refresh token on each line, and its place for later messages.
struct LoadTokenList {
  let tokens: [IssuedToken]

  /// The most bytes of a line; no server has tokens of that length.
  private static let bytesMax = 16 << 10

  init(_ bytes: [UInt8], path: String) throws(CommandError) {
    var tokens: [IssuedToken] = []
    var lines: [ArraySlice<UInt8>: Int] = [:]
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = bytes.starts(with: mark) ? bytes[mark.count...] : bytes[...]
    for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      let token = LoadTokenList.trimmed(line)
      guard !token.isEmpty else { continue }
      let place = "\(path):\(index + 1)"
      guard token.count <= Self.bytesMax, token.allSatisfy({ (0x21...0x7E).contains($0) }),
        token.first != UInt8(ascii: "{")
      else {
        throw CommandError(.configuration, "\(place): is not a refresh token; write one per line, and nothing else")
      }
      // A token that is presented twice would look as if the server granted it to two callers.
      if let earlier = lines.updateValue(index + 1, forKey: token) {
        throw CommandError(.configuration, "\(place): is the refresh token of line \(earlier) again; write each once")
      }
      tokens.append(IssuedToken(String(decoding: token, as: UTF8.self), place: place))
    }
    guard !tokens.isEmpty else {
      throw CommandError(.configuration, "\(path): holds no refresh token; write one per line")
    }
    self.tokens = tokens
  }

  private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    let end = line.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? line.startIndex
    return line[..<end].drop(while: isSpace)
  }
}
