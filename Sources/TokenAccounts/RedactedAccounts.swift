internal import TokenSigning

extension Argon2Hash: RedactedValue {}
extension BcryptHash: RedactedValue {}
extension SecretDigest: RedactedValue {}
