/// Under which version of its subject's or client's account a session was opened.
///
/// A version changes whenever sessions that were opened before must not go on: another password, a disabled account, one that was removed and
/// made again. It is compared and nothing else; no clock plays a part in it. The ledger keeps 8 bytes of it.
public struct AccountVersion: Sendable, Hashable {
  /// What the log holds of the version's text: 64 bits that follow from its bytes (FNV-1a).
  public let digest: UInt64

  /// - Parameter text: any, such as a counter or a random text that is drawn at each change. No secret: 64 bits of it stand in the log.
  public init(_ text: String) {
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
    // Below are those that mean something else.
    self.digest = digest < 2 ? digest + 2 : digest
  }

  private init(reserved: UInt64) { digest = reserved }

  /// Of a session that was opened without a word about it, as in a log of format 1: its opening is compared with ``RotationRequest/notBefore``.
  public static let unknown = AccountVersion(reserved: 0)
  /// Of an account that has no versions.
  public static let none = AccountVersion(reserved: 1)

  /// As a log holds it.
  init(stored: UInt64) { digest = stored }
}
