internal import Platform
public import TokenEngine
internal import TokenLedger

/// The stored form of a password: argon2id or argon2i as a PHC string, or bcrypt as `$2a$`, `$2b$` or `$2y$`.
///
/// New passwords get argon2id. Verification blocks its thread for as long as the stored cost asks, usually tens of
/// milliseconds: in a server use ``PasswordPool/verify(_:of:)`` and ``PasswordPool/hash(_:cost:)``. Printing, dumping
/// or interpolating a hash does not show its text.
public struct PasswordHash: Sendable {
  /// The stored form as in `users.json`.
  ///
  /// Treat it as a secret and keep it out of logs and messages.
  public let text: String
  private let scheme: Scheme

  private enum Scheme: Sendable {
    case argon2(Argon2Hash)
    case bcrypt(BcryptHash)
  }

  /// The most bytes of a password.
  ///
  /// A longer or empty one is never right.
  public static let passwordBytesMax = AccountText.secretBytesMax

  /// Parses a stored form without running it.
  ///
  /// - Throws: ``AccountError/invalid(field:rule:)`` for an unknown scheme, a malformed string, or a cost over the
  ///   limits of ``PasswordCost`` or bcrypt's 2^16 rounds.
  public init(_ text: String) throws(AccountError) {
    self.text = text
    if text.hasPrefix("$argon2") {
      scheme = .argon2(try Argon2Hash(text))
    } else if text.hasPrefix("$2") {
      scheme = .bcrypt(try BcryptHash(text))
    } else {
      throw .invalid(
        field: "passwordHash",
        rule: "is of an unknown scheme: it must begin with $argon2id$, $argon2i$, $2a$, $2b$ or $2y$")
    }
  }

  /// Hashes a new password, in Unicode normal form C (RFC 8265 §4.2), with argon2id and a fresh 16-byte salt.
  ///
  /// The call blocks for as long as a verification does.
  public static func make(
    password: String, cost: PasswordCost = .standard
  ) throws(AccountError) -> PasswordHash {
    let password = NameForm.typed(password)
    if let rule = AccountText.fault(inPassword: password) { throw .invalid(field: "password", rule: rule) }
    return try PasswordHash(Argon2Hash.make(password: Array(password.utf8), cost: cost))
  }

  /// Returns a well-formed argon2id hash that no password is known to match.
  ///
  /// Such a hash costs nothing to make, and as much to verify as a real one. Verify it if there is no such name, so
  /// that the time does not reveal that there is none.
  public static func unmatchable(cost: PasswordCost = .standard) throws(AccountError) -> PasswordHash {
    try PasswordHash(Argon2Hash.unmatchable(cost: cost))
  }

  /// Checks whether `password` is the one that was hashed, in time that does not depend on the password's content.
  ///
  /// Its bytes are tried unchanged first, which hashes from elsewhere or from an older release need. If the password is
  /// not in Unicode normal form C, that form is tried next.
  ///
  /// - Throws: ``StoreError/overloaded`` if the machine has not enough memory.
  public func verify(_ password: String) throws(StoreError) -> Bool {
    if try verify(Array(password.utf8)) { return true }
    let normal = NameForm.typed(password)
    return normal.hasSameBytes(as: password) ? false : try verify(Array(normal.utf8))
  }

  private func verify(_ bytes: [UInt8]) throws(StoreError) -> Bool {
    guard (1...PasswordHash.passwordBytesMax).contains(bytes.count) else { return false }
    switch scheme {
    case .argon2(let hash): return try hash.verify(bytes)
    case .bcrypt(let hash): return try hash.verify(bytes)
    }
  }
}

extension PasswordHash: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "PasswordHash(redacted)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
