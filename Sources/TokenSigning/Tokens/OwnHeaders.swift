internal import Platform

/// All first segments that a token of ours can have, with the key of each.
struct OwnHeaders: Sendable {
  /// An accepted header; a class, so that finding one copies nothing.
  private final class Accepted: Sendable {
    let header: [UInt8]
    let algorithm: SignatureAlgorithm
    let key: VerificationKey

    init(_ key: SigningKey, _ type: TokenType) {
      header = type.encodedHeader(for: key)
      algorithm = key.algorithm
      self.key = key.verificationKey
    }

    init(_ key: VerificationKey, id: String, _ algorithm: SignatureAlgorithm) {
      header = TokenType.access.encodedHeader(algorithm, keyID: id)
      self.algorithm = algorithm
      self.key = key
    }
  }

  private let access: [Accepted]
  private let refresh: [Accepted]
  private let oneTime: [Accepted]
  /// True if only the public halves of the keys of access tokens are known.
  private let isPublished: Bool

  init(_ keys: TokenKeys) {
    isPublished = false
    access = keys.access.map { Accepted($0, .access) }
    refresh = keys.refresh.map { Accepted($0, .refresh) }
    oneTime = keys.refresh.map { Accepted($0, .oneTime) }
  }

  /// The headers of access tokens alone, for keys of which only the public half is known.
  init(published keys: [VerificationKey]) {
    access = keys.flatMap { key in
      key.algorithms.compactMap { algorithm in key.id.map { Accepted(key, id: $0, algorithm) } }
    }
    (refresh, oneTime, isPublished) = ([], [], true)
  }

  private func accepted(_ type: TokenType) -> [Accepted] {
    switch type {
    case .access: access
    case .refresh: refresh
    case .oneTime: oneTime
    }
  }

  /// Returns the decoded claims of a token of this type whose signature is valid.
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

  /// Returns the reason for refusing a header that is not one of ours.
  ///
  /// The header is read only for the reason; nothing of it is trusted.
  private func refusal(_ header: Span<UInt8>, type: TokenType) -> TokenVerificationError {
    for other in TokenType.allCases where find(header, in: accepted(other)) != nil { return .wrongType }
    guard let bytes = Base64URL.decode(header), let object = try? JSONReader.object(bytes) else { return .malformed }
    guard case .string(let name) = object["alg"] else { return .malformed }
    let isOfType = if case .string(let typ) = object["typ"] { typ == type.rawValue } else { false }
    // The keys of other types are not published, so that their tokens are known by their type alone.
    if isPublished, !isOfType { return .wrongType }
    let algorithm = SignatureAlgorithm(rawValue: name)
    guard accepted(type).contains(where: { $0.algorithm == algorithm }) else { return .algorithm }
    guard isOfType else { return .wrongType }
    return .unknownKey
  }
}

/// The form that every compact JWS (RFC 7515 §7.1) must have before any of its bytes are trusted.
enum TokenFormat {
  /// The longest text that is decoded and authenticated at all.
  static let textBytesMax = 4096

  /// The ranges of the three parts of a token in its text.
  struct Parts {
    let header: Range<Int>
    let payload: Range<Int>
    let signature: Range<Int>
    /// The range of the text that is signed.
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
