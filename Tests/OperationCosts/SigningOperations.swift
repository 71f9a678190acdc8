internal import TokenSigning

extension Operation {
  /// HS256, with a claim set of usual size.
  static let signing: [Operation] = [
    Operation("token mint, access and refresh, HS256") { rounds, _ in
      let minter = TokenMinter(keys: .generate(), issuer: issuer, audience: audience)
      var bytes = 0
      for round in 0..<rounds {
        bytes += minter.mintAccess(access(round)).utf8.count
        bytes += minter.mintRefresh(refresh(round)).utf8.count
      }
      guard bytes > rounds * 400 else { throw UnexpectedOutcome("tokens are longer") }
    },
    Operation("token verify, access, HS256") { rounds, _ in
      let keys = TokenKeys.generate()
      let token = TokenMinter(keys: keys, issuer: issuer, audience: audience).mintAccess(access(0))
      let verifier = TokenVerifier(keys: keys, issuer: issuer, audience: audience)
      for _ in 0..<rounds {
        guard try verifier.verifyAccess(token, nowMilliseconds: now * 1000).subject == "ann" else {
          throw UnexpectedOutcome("the token is ann's")
        }
      }
    },
    Operation("token verify, refresh, HS256") { rounds, _ in
      let keys = TokenKeys.generate()
      let token = TokenMinter(keys: keys, issuer: issuer, audience: audience).mintRefresh(refresh(0))
      let verifier = TokenVerifier(keys: keys, issuer: issuer, audience: audience)
      for _ in 0..<rounds {
        guard try verifier.verifyRefresh(token, nowMilliseconds: now * 1000).subject == "ann" else {
          throw UnexpectedOutcome("the token is ann's")
        }
      }
    },
  ]

  private static let now: Int64 = 1_767_225_600
  private static let issuer = "https://login.example.org"
  private static let audience = "https://api.example.org"

  private static func access(_ number: Int) -> AccessClaims {
    AccessClaims(
      subject: "ann", clientID: "web", scope: "read write", issuedAt: now, expiresAt: now + 900,
      identifier: identifier(number))
  }

  private static func refresh(_ number: Int) -> RefreshClaims {
    RefreshClaims(
      subject: "ann", clientID: "web", scope: "read write", issuedAt: now, expiresAt: now + 86_400,
      identifier: identifier(number))
  }

  private static func identifier(_ number: Int) -> TokenIdentifier {
    TokenIdentifier(sessionHigh: 0x1234_5678_9ABC_DEF0, sessionLow: 0x0FED_CBA9, generation: UInt32(number))
  }
}
