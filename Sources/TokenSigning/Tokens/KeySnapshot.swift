/// The keys of one moment, with what is derived from them once: it never changes, and a token sees one of them alone.
final class KeySnapshot: Sendable {
  let keys: TokenKeys
  let headers: OwnHeaders
  let access: SigningHeader
  let refresh: SigningHeader
  let oneTime: SigningHeader
  let publicJWKS: [UInt8]

  init(_ keys: TokenKeys) {
    self.keys = keys
    headers = OwnHeaders(keys)
    access = SigningHeader(.access, key: keys.currentAccess)
    refresh = SigningHeader(.refresh, key: keys.currentRefresh)
    oneTime = SigningHeader(.oneTime, key: keys.currentRefresh)
    publicJWKS = keys.publicJWKS()
  }
}
