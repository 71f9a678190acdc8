import SystemPackage
import TokenEngine
import TokenSigning

/// An access token that the server's own key signed and whose time was over in 1970, to try routes with.
///
/// It names a session that does not exist, so it would be worth nothing at any time.
enum ExpiredToken {
  static func make(dataFolder: FilePath, options: EngineOptions) throws(KeyFailure) -> String {
    let keys = try TokenKeys.openOrCreate(folder: dataFolder.appending("keys").string)
    let minter = TokenMinter(keys: keys, issuer: options.issuer, audience: options.audience)
    let session = TokenIdentifier(sessionHigh: 0, sessionLow: 0, generation: 0)
    return minter.mintAccess(
      AccessClaims(
        subject: FirstStart.userName, clientID: FirstStart.clientID, scope: FirstStart.scopes, issuedAt: 0,
        expiresAt: 1,
        identifier: session))
  }
}
