/// The part of a token's claims that is the same for every token of one type, issuer and audience, encoded once.
struct TokenTemplate: Sendable {
  /// Of the constant members as many whole groups of three bytes as there are: those encode the same whatever follows.
  private let head: [UInt8]
  /// The constant members after those groups: 0 to 2 bytes.
  private let rest: [UInt8]

  /// - Parameter constantMembers: the beginning of the claims, from the brace to before the next comma.
  init(constantMembers: String) {
    let constant = Array(constantMembers.utf8)
    let whole = constant.count / 3 * 3
    head = Base64URL.encode(constant.span.extracting(first: whole))
    rest = Array(constant[whole...])
  }

  /// What the claims of refresh and one-time tokens begin with.
  static func members(issuer: String) -> String { "{\"iss\":\(ByteWriter.jsonText(issuer))" }

  /// What the claims of access tokens begin with.
  static func accessMembers(issuer: String, audience: String) -> String {
    members(issuer: issuer) + (audience.isEmpty ? "" : ",\"aud\":\(ByteWriter.jsonText(audience))")
  }

  /// The signed token whose claims are the constant members and what `write` appends, at most `claimBytesMax` bytes.
  @inline(__always)
  func token(signedBy header: SigningHeader, claimBytesMax: Int, write: (inout ByteWriter) -> Void) -> String {
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: rest.count + claimBytesMax) { scratch in
      var claims = unsafe ByteWriter(scratch)
      claims.append(rest)
      write(&claims)
      return unsafe sign(claims.written.span, by: header)
    }
  }

  private func sign(_ claims: Span<UInt8>, by header: SigningHeader) -> String {
    let signedCount = header.encoded.count + head.count + Base64URL.encodedCount(claims.count)
    let count = signedCount + 1 + Base64URL.encodedCount(header.signatureBytes)
    return unsafe String(unsafeUninitializedCapacity: count) { room in
      var writer = unsafe ByteWriter(room)
      writer.append(header.encoded)
      writer.append(head)
      writer.append(base64URL: claims)
      switch header.material {
      case .secret(let hmac):
        let code = unsafe hmac.code(for: writer.written.span)
        writer.append(UInt8(ascii: "."))
        writer.append(base64URL: code.span)
      case .pair(let key):
        let signature = unsafe key.signature(of: writer.written.span)
        writer.append(UInt8(ascii: "."))
        writer.append(base64URL: signature.span)
      }
      return writer.count
    }
  }
}
