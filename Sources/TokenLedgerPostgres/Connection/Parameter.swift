#if Postgres
/// A value for a statement, sent in binary with its type.
///
/// Nil stands for SQL's null of that type.
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
#endif
