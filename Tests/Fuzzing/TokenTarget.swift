@testable import TokenSigning

/// The verifiers of tokens.
///
/// Whatever is accepted was signed, byte for byte, and says what was signed.
enum TokenTarget: OneInput {
  static func run(_ input: inout InputBytes) {
    switch input.byte() % 6 {
    case 0: runRaw(String(decoding: input.rest(), as: UTF8.self))
    case 1: runMinted(&input)
    case 2: runDamaged(&input)
    case 3: runSignedBytes(&input)
    case 4: runSignedMembers(&input)
    default: runSignedHeader(&input)
    }
  }

  /// Nobody has signed it.
  private static func runRaw(_ token: String) {
    require(access(token) == nil && refresh(token) == nil, "a token that nobody signed is accepted")
    require(foreign(token) == nil, "a token that nobody signed is accepted as another's")
  }

  /// What is minted is accepted and says what was asked for.
  private static func runMinted(_ input: inout InputBytes) {
    let end = TokenSigner.now / 1000 + Int64(input.integer(UInt16.self))
    let exact = input.byte() % 2 == 0 ? nil : end * 1000 - Int64(input.integer(UInt16.self) % 1000)
    let extra = input.byte() % 2 == 0 ? [] : input.take(Int(input.byte()))
    let claims = AccessClaims(
      subject: input.text(200), clientID: input.text(60), scope: input.text(60), issuedAt: TokenSigner.now / 1000,
      expiresAt: end,
      expiresAtMilliseconds: exact, identifier: randomIdentifier(&input),
      extraMembers: ExtraMembers.isValid(extra) ? extra : [])
    let token = TokenSigner.minter.mintAccess(claims)
    let accepted = access(token)
    if token.utf8.count <= TokenVerifier.textBytesMax {
      let isOver = TokenSigner.now >= exact ?? end * 1000
      require((accepted == nil) == isOver, "a minted token is refused, or accepted past its end")
      if let accepted { require(sameButForSpace(accepted, claims), "a minted token says something else") }
    }
    require(refresh(token) == nil, "an access token is accepted as a refresh token")
    let refreshClaims = RefreshClaims(
      subject: claims.subject, clientID: claims.clientID, scope: claims.scope, issuedAt: TokenSigner.now / 1000,
      expiresAt: end,
      identifier: claims.identifier)
    let second = TokenSigner.minter.mintRefresh(refreshClaims)
    require(access(second) == nil, "a refresh token is accepted as an access token")
    if second.utf8.count <= TokenVerifier.textBytesMax, end > TokenSigner.now / 1000 {
      require(refresh(second) == refreshClaims, "a minted refresh token is refused, or says something else")
    }
  }

  /// A good token with any part of it changed is good no more.
  private static func runDamaged(_ input: inout InputBytes) {
    let claims = AccessClaims(
      subject: "ann", clientID: "web", scope: "read", issuedAt: TokenSigner.now / 1000,
      expiresAt: TokenSigner.now / 1000 + 900,
      identifier: TokenSigner.identifier)
    let good = TokenSigner.minter.mintAccess(claims)
    var bytes = Array(good.utf8)
    let place = Int(input.integer(UInt16.self)) % bytes.count
    switch input.byte() % 5 {
    case 0: bytes[place] = input.byte()
    case 1: bytes.insert(input.byte(), at: place)
    case 2: bytes.remove(at: place)
    case 3: bytes.removeLast(bytes.count - place)
    default: bytes += input.take(8)
    }
    let token = String(decoding: bytes, as: UTF8.self)
    let isSame = token.utf8.elementsEqual(good.utf8)
    require((access(token) == claims) == isSame && (access(token) == nil) == !isSame, "a changed token is accepted")
  }

  /// Any bytes as claims, under a good signature.
  private static func runSignedBytes(_ input: inout InputBytes) {
    let type: TokenType = input.byte() % 2 == 0 ? .access : .refresh
    let claims = input.rest()
    let token = TokenSigner.own(type, claims: claims)
    if type == .access { require(refresh(token) == nil, "an access token is accepted as a refresh token") }
    if let accepted = access(token) {
      require(type == .access, "a refresh token is accepted as an access token")
      require(ClaimText.says(claims, accepted), "an accepted token says what was not signed")
    }
    if let accepted = refresh(token) { require(ClaimText.says(claims, accepted), "a refresh token says another thing") }
    _ = foreign(TokenSigner.foreign(header: TokenSigner.header, claims: claims))
  }

  /// Right claims but for those that the fuzzer breaks.
  private static func runSignedMembers(_ input: inout InputBytes) {
    var members = ClaimMembers()
    let isBroken = members.breakSome(&input)
    let claims = Array(members.text.utf8)
    let token = TokenSigner.own(.access, claims: claims)
    if let accepted = access(token) {
      require(ClaimText.says(claims, accepted), "an accepted token says what was not signed")
    } else {
      require(isBroken, "a right token is refused: \(members.text)")
    }
    let others = foreign(TokenSigner.foreign(header: TokenSigner.header, claims: claims))
    require(others == nil || others?.payload == claims, "another's token says what was not signed")
    require(others != nil || isBroken, "another's right token is refused: \(members.text)")
  }

  /// Any header, under a good signature over good claims.
  private static func runSignedHeader(_ input: inout InputBytes) {
    let header = input.rest()
    let token = TokenSigner.foreign(header: header, claims: Array(ClaimMembers().text.utf8))
    require(access(token) == nil, "a header of another is accepted as our own")
    guard let accepted = foreign(token) else { return }
    require(accepted.algorithm == .hs256, "a token is accepted under an algorithm that its key is not for")
    let text = String(decoding: header, as: UTF8.self)
    require(!text.contains("\"crit\"") || text.contains("\\"), "a critical extension is ignored")
  }

  private static func access(_ token: String) -> AccessClaims? {
    try? TokenSigner.verifier.verifyAccess(token, nowMilliseconds: TokenSigner.now)
  }

  private static func refresh(_ token: String) -> RefreshClaims? {
    try? TokenSigner.verifier.verifyRefresh(token, nowMilliseconds: TokenSigner.now)
  }

  private static func foreign(_ token: String) -> ForeignClaims? {
    try? TokenSigner.foreignVerifier.verify(token, nowMilliseconds: TokenSigner.now)
  }

  private static func randomIdentifier(_ input: inout InputBytes) -> TokenIdentifier {
    TokenIdentifier(sessionHigh: input.integer(), sessionLow: input.integer(), generation: input.integer())
  }

  /// Extra members come back without the space around them.
  private static func sameButForSpace(_ left: AccessClaims, _ right: AccessClaims) -> Bool {
    var (left, right) = (left, right)
    let objects = [left.extraMembers, right.extraMembers].map { try? JSONReader.object([0x7B] + $0 + [0x7D]) }
    guard let first = objects[0], let second = objects[1] else { return false }
    left.extraMembers = []
    right.extraMembers = []
    return left == right && first.members.map(\.name) == second.members.map(\.name)
  }
}
