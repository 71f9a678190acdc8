/// The part of a token that is the same for every token of one type, key, issuer and audience, encoded once.
struct TokenTemplate: Sendable {
  /// The header, its dot, and of the constant members as many whole groups of three bytes as there are: those encode
  /// the same whatever follows them.
  private let head: [UInt8]
  /// The constant members after those groups: 0 to 2 bytes.
  private let rest: [UInt8]
  private let hmac: HMACKey

  /// - Parameter constantMembers: the beginning of the claims, from the brace to before the next comma.
  init(_ type: TokenType, key: SigningKey, constantMembers: String) {
    let constant = Array(constantMembers.utf8)
    let whole = constant.count / 3 * 3
    head =
      type.encodedHeader(for: key) + [UInt8(ascii: ".")]
      + Base64URL.encode(constant.span.extracting(first: whole))
    rest = Array(constant[whole...])
    hmac = key.hmac
  }

  /// The signed token whose claims are the constant members and what `write` appends, at most `claimBytesMax` bytes.
  @inline(__always)
  func token(claimBytesMax: Int, write: (inout ByteWriter) -> Void) -> String {
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: rest.count + claimBytesMax) { scratch in
      var claims = unsafe ByteWriter(scratch)
      claims.append(rest)
      write(&claims)
      return unsafe sign(claims.written.span)
    }
  }

  private func sign(_ claims: Span<UInt8>) -> String {
    let signedCount = head.count + Base64URL.encodedCount(claims.count)
    let count = signedCount + 1 + Base64URL.encodedCount(HMACKey.codeBytes)
    return unsafe String(unsafeUninitializedCapacity: count) { room in
      var writer = unsafe ByteWriter(room)
      writer.append(head)
      writer.append(base64URL: claims)
      let code = unsafe hmac.code(for: writer.written.span)
      writer.append(UInt8(ascii: "."))
      writer.append(base64URL: code.span)
      return writer.count
    }
  }
}
