#if Postgres
/// A type of PostgreSQL, by its number (`pg_type.oid`), which is the same on every server.
struct DatabaseType: RawRepresentable, Sendable, Hashable {
  let rawValue: UInt32

  static let bool = DatabaseType(rawValue: 16)
  static let bytes = DatabaseType(rawValue: 17)
  static let name = DatabaseType(rawValue: 19)
  static let int64 = DatabaseType(rawValue: 20)
  static let int16 = DatabaseType(rawValue: 21)
  static let int32 = DatabaseType(rawValue: 23)
  static let text = DatabaseType(rawValue: 25)
  static let varchar = DatabaseType(rawValue: 1043)
  static let boolArray = DatabaseType(rawValue: 1000)
  static let bytesArray = DatabaseType(rawValue: 1001)
  static let int16Array = DatabaseType(rawValue: 1005)
  static let int32Array = DatabaseType(rawValue: 1007)
  static let textArray = DatabaseType(rawValue: 1009)
  static let int64Array = DatabaseType(rawValue: 1016)

  /// The number of bytes of an integer of this type, or nil for any other type.
  var integerBytes: Int? {
    switch self {
    case .int16: 2
    case .int32: 4
    case .int64: 8
    default: nil
    }
  }

  /// True if the binary form of the type is its text.
  var isText: Bool { self == .text || self == .varchar || self == .name }
}
#endif
