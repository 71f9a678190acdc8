internal import Platform

/// Every first segment that a token of ours may have, and the key that each stands for.
struct OwnHeaders: Sendable {
  /// A class, so that finding one costs no copy of what it holds.
  private final class Accepted: Sendable {
    let header: [UInt8]
    let algorithm: SignatureAlgorithm
    let key: VerificationKey

    init(_ key: SigningKey, _ type: TokenType) {
      header = type.encodedHeader(for: key)
      algorithm = key.algorithm
      self.key = key.verificationKey
    }
  }

  private let access: [Accepted]
  private let refresh: [Accepted]
  private let oneTime: [Accepted]

  init(_ keys: TokenKeys) {
    access = keys.access.map { Accepted($0, .access) }
    refresh = keys.refresh.map { Accepted($0, .refresh) }
    oneTime = keys.refresh.map { Accepted($0, .oneTime) }
  }

  private func accepted(_ type: TokenType) -> [Accepted] {
    switch type {
    case .access: access
    case .refresh: refresh
    case .oneTime: oneTime
    }
  }

  /// The decoded claims of a token of this type whose signature is good.
  func payload(of text: Span<UInt8>, type: TokenType) throws(TokenVerificationError) -> [UInt8] {
    let parts = try TokenFormat.split(text)
    let header = text.extracting(parts.header)
    guard let accepted = find(header, in: accepted(type)) else { throw refusal(header, type: type) }
    guard let payload = Base64URL.decode(text.extracting(parts.payload)),
      let signature = Base64URL.decode(text.extracting(parts.signature))
    else { throw .malformed }
    let signed = text.extracting(parts.signed)
    guard accepted.key.verifies(signature, of: signed, by: accepted.algorithm) else { throw .badSignature }
    return payload
  }

  private func find(_ header: Span<UInt8>, in list: [Accepted]) -> Accepted? {
    list.first { accepted in
      let own = accepted.header
      return own.span.hasSameBytes(as: header)
    }
  }

  /// The refusal of a header that is none of ours. The header is only looked at to say why; nothing of it is believed.
  private func refusal(_ header: Span<UInt8>, type: TokenType) -> TokenVerificationError {
    for other in TokenType.allCases where find(header, in: accepted(other)) != nil { return .wrongType }
    guard let bytes = Base64URL.decode(header), let object = try? JSONReader.object(bytes) else { return .malformed }
    guard case .string(let name) = object["alg"] else { return .malformed }
    let algorithm = SignatureAlgorithm(rawValue: name)
    guard accepted(type).contains(where: { $0.algorithm == algorithm }) else { return .algorithm }
    guard case .string(let typ) = object["typ"], typ == type.rawValue else { return .wrongType }
    return .unknownKey
  }
}

/// The form that every compact JWS (RFC 7515 §7.1) must have before any of its bytes is believed.
enum TokenFormat {
  /// A limit on what is decoded and authenticated at all.
  static let textBytesMax = 4096

  /// The places of the three parts of a token in its text.
  struct Parts {
    let header: Range<Int>
    let payload: Range<Int>
    let signature: Range<Int>
    /// The text that is signed.
    var signed: Range<Int> { 0..<payload.upperBound }
  }

  static func split(_ text: Span<UInt8>) throws(TokenVerificationError) -> Parts {
    guard text.count <= textBytesMax else { throw .tooLong }
    let dot = UInt8(ascii: ".")
    guard let first = text.firstIndex(of: dot, from: 0), let second = text.firstIndex(of: dot, from: first + 1),
      text.firstIndex(of: dot, from: second + 1) == nil
    else { throw .malformed }
    return Parts(header: 0..<first, payload: (first + 1)..<second, signature: (second + 1)..<text.count)
  }
}
