#if Postgres
/// A value for a statement, sent in binary with its type. Nil is SQL's null, of that type.
package enum Parameter: Sendable, Hashable {
  case int16(Int16?)
  case int32(Int32?)
  case int64(Int64?)
  case bool(Bool?)
  case text(String?)
  case bytes([UInt8]?)
  case int16Array([Int16?])
  case int64Array([Int64?])
  case boolArray([Bool?])
  case textArray([String?])
  case bytesArray([[UInt8]?])
  /// An array that was written element by element.
  case array(ArrayParameter)

  var type: DatabaseType {
    switch self {
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .bool: .bool
    case .text: .text
    case .bytes: .bytes
    case .int16Array: .int16Array
    case .int64Array: .int64Array
    case .boolArray: .boolArray
    case .textArray: .textArray
    case .bytesArray: .bytesArray
    case .array(let array): array.type
    }
  }
}

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

  /// How many bytes an integer of this type has; nil for what is no integer.
  var integerBytes: Int? {
    switch self {
    case .int16: 2
    case .int32: 4
    case .int64: 8
    default: nil
    }
  }

  /// Whether its binary form is its text.
  var isText: Bool { self == .text || self == .varchar || self == .name }
}
#endif
