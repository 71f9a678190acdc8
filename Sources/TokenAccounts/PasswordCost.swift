/// What an argon2id hash of a new password costs to make and to verify (RFC 9106 §3.1).
public struct PasswordCost: Sendable, Equatable {
  /// Memory in KiB: 8 per lane at least.
  public let memoryKiB: UInt32
  /// Passes over the memory.
  public let passes: UInt32
  public let lanes: UInt32

  /// 19 MiB, two passes, one lane: about 40 ms of one core.
  public static let standard = PasswordCost(unchecked: 19 * 1024, passes: 2, lanes: 1)

  /// The most memory that a stored hash may ask for: 256 MiB.
  public static let memoryKiBMax: UInt32 = 256 * 1024
  public static let passesMax: UInt32 = 16
  public static let lanesMax: UInt32 = 16
  /// The most memory times passes: 1 GiB, about a second of one core.
  public static let workKiBMax: UInt64 = 1024 * 1024

  private init(unchecked memoryKiB: UInt32, passes: UInt32, lanes: UInt32) {
    self.memoryKiB = memoryKiB
    self.passes = passes
    self.lanes = lanes
  }

  /// Nil where a parameter is under what argon2 works with or over the limits above, which also hold for stored hashes:
  /// a line in a file must not be able to take the machine's memory.
  public init?(memoryKiB: UInt32, passes: UInt32, lanes: UInt32) {
    guard (1...PasswordCost.lanesMax).contains(lanes), (1...PasswordCost.passesMax).contains(passes),
      (8 * lanes...PasswordCost.memoryKiBMax).contains(memoryKiB),
      UInt64(memoryKiB) * UInt64(passes) <= PasswordCost.workKiBMax
    else { return nil }
    self.init(unchecked: memoryKiB, passes: passes, lanes: lanes)
  }
}
