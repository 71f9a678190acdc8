internal import CArgon2
internal import FoundationEssentials
internal import TokenEngine
internal import TokenSigning

/// The cost of making and verifying an argon2id hash of a new password (RFC 9106 §3.1).
public struct PasswordCost: Sendable, Equatable {
  /// The memory in KiB, at least 8 for each lane.
  public let memoryKiB: UInt32
  /// The number of passes over the memory.
  public let passes: UInt32
  public let lanes: UInt32

  /// The standard cost: 19 MiB, two passes and one lane, which take about 40 ms of one core.
  public static let standard = PasswordCost(unchecked: 19 * 1024, passes: 2, lanes: 1)

  /// The most memory that a stored hash can ask for: 256 MiB.
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

  /// Creates a cost, or returns nil if a parameter is less than argon2 works with or exceeds the limits above.
  ///
  /// The limits also apply to stored hashes, since a line in a file must not be able to take the machine's memory.
  public init?(memoryKiB: UInt32, passes: UInt32, lanes: UInt32) {
    guard (1...PasswordCost.lanesMax).contains(lanes), (1...PasswordCost.passesMax).contains(passes),
      (8 * lanes...PasswordCost.memoryKiBMax).contains(memoryKiB),
      UInt64(memoryKiB) * UInt64(passes) <= PasswordCost.workKiBMax
    else { return nil }
    self.init(unchecked: memoryKiB, passes: passes, lanes: lanes)
  }
}

/// An argon2id or argon2i hash as a PHC string, verified by libargon2.
///
/// The form is `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, with base64 without padding. libargon2 allocates what
/// the string asks for, so the string is parsed here first and its cost checked against the limits of ``PasswordCost``.
struct Argon2Hash: Sendable {
  private static let textBytesMax = 512
  private static let saltBytes = 16
  private static let hashBytes = 32

  private let text: String
  private let type: Argon2_type

  init(_ text: String) throws(AccountError) {
    guard text.utf8.count <= Argon2Hash.textBytesMax, let parts = Argon2Hash.parts(of: text) else {
      throw .invalid(field: "passwordHash", rule: "is not $argon2id$v=19$m=…,t=…,p=…$salt$hash")
    }
    switch parts.name {
    case "argon2id": type = Argon2_id
    case "argon2i": type = Argon2_i
    default: throw .invalid(field: "passwordHash", rule: "is of an unknown argon2 kind: use argon2id")
    }
    guard PasswordCost(memoryKiB: parts.memoryKiB, passes: parts.passes, lanes: parts.lanes) != nil else {
      throw .invalid(
        field: "passwordHash",
        rule: "asks for a cost outside the limits (m 8·p to \(PasswordCost.memoryKiBMax) KiB, "
          + "t 1 to \(PasswordCost.passesMax), p 1 to \(PasswordCost.lanesMax), "
          + "m·t up to \(PasswordCost.workKiBMax) KiB)")
    }
    self.text = text
  }

  /// Hashes a password with argon2id and a random salt.
  static func make(password: [UInt8], cost: PasswordCost) throws(AccountError) -> String {
    let salt = try RandomBytes.make(saltBytes)
    var hash = [UInt8](repeating: 0, count: hashBytes)
    let code = unsafe argon2id_hash_raw(
      cost.passes, cost.memoryKiB, cost.lanes, password, password.count, salt, salt.count, &hash, hash.count)
    guard code == ARGON2_OK.rawValue else {
      throw .hashing(unsafe String(cString: argon2_error_message(code)))
    }
    return phc(salt: salt, hash: hash, cost: cost)
  }

  static func unmatchable(cost: PasswordCost) throws(AccountError) -> String {
    phc(salt: try RandomBytes.make(saltBytes), hash: try RandomBytes.make(hashBytes), cost: cost)
  }

  func verify(_ password: [UInt8]) throws(StoreError) -> Bool {
    let code = unsafe argon2_verify(text, password, password.count, type)
    switch code {
    case ARGON2_OK.rawValue: return true
    case ARGON2_VERIFY_MISMATCH.rawValue: return false
    case ARGON2_MEMORY_ALLOCATION_ERROR.rawValue, ARGON2_THREAD_FAIL.rawValue: throw .overloaded
    default:
      throw .unreadable("a stored argon2 hash is damaged (\(unsafe String(cString: argon2_error_message(code))))")
    }
  }

  private static func phc(salt: [UInt8], hash: [UInt8], cost: PasswordCost) -> String {
    "$argon2id$v=19$m=\(cost.memoryKiB),t=\(cost.passes),p=\(cost.lanes)"
      + "$\(Base64Text.encode(salt))$\(Base64Text.encode(hash))"
  }

  private struct Parts {
    var name: Substring
    var memoryKiB: UInt32
    var passes: UInt32
    var lanes: UInt32
  }

  private static func parts(of text: String) -> Parts? {
    guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
    var fields = text.split(separator: "$", omittingEmptySubsequences: false).dropFirst()
    guard let name = fields.popFirst() else { return nil }
    // Hashes of version 16 have no version field.
    if fields.count == 4 { guard ["v=16", "v=19"].contains(fields.popFirst()) else { return nil } }
    guard fields.count == 3, let costs = fields.popFirst(),
      let salt = fields.popFirst(), let hash = fields.popFirst(),
      (8...64).contains(Base64Text.decode(salt)?.count ?? 0), (16...64).contains(Base64Text.decode(hash)?.count ?? 0)
    else { return nil }
    let values = costs.split(separator: ",", omittingEmptySubsequences: false)
    guard values.count == 3,
      let memory = number(values[0], after: "m="), let passes = number(values[1], after: "t="),
      let lanes = number(values[2], after: "p=")
    else { return nil }
    return Parts(name: name, memoryKiB: memory, passes: passes, lanes: lanes)
  }

  private static func number(_ text: Substring, after name: String) -> UInt32? {
    let digits = text.dropFirst(name.count)
    guard text.hasPrefix(name), let number = UInt32(digits), "\(number)" == digits else { return nil }
    return number
  }
}

extension Argon2Hash: RedactedValue {}

/// Base64 in the standard alphabet without padding, as PHC strings have it.
///
/// Decoding accepts only the canonical text.
enum Base64Text {
  static func encode(_ bytes: [UInt8]) -> String {
    var text = Data(bytes).base64EncodedString()
    while text.last == "=" { text.removeLast() }
    return text
  }

  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    guard let decoded = Data(base64Encoded: text + padding) else { return nil }
    let bytes = Array(decoded)
    return encode(bytes) == text ? bytes : nil
  }
}
