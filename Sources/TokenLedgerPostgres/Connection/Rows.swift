#if Postgres
/// The rows that a query returned.
///
/// Everything that its statement does not promise is thrown as `.malformed`: another type, a null, a row or column that
/// does not exist.
package struct Rows {
  private let reply: Reply

  init(_ reply: Reply) { self.reply = reply }

  package var count: Int { reply.rowCount }

  /// The number of rows that the statement changed, inserted or returned.
  package var changedCount: Int { reply.changedCount }

  /// Returns an integer of 2, 4 or 8 bytes.
  package func int64(_ row: Int, _ column: Int) throws(DatabaseError) -> Int64 {
    try value(row, column, int64IfPresent(row, column))
  }

  package func int64IfPresent(_ row: Int, _ column: Int) throws(DatabaseError) -> Int64? {
    let type = try type(row, column)
    guard let width = type.integerBytes else { throw mistake(row, column, "is no integer") }
    return try reply.withBytes(row, column) { bytes throws(DatabaseError) in
      guard let bytes else { return nil }
      guard bytes.count == width else { throw mistake(row, column, "has \(bytes.count) bytes in place of \(width)") }
      // The highest byte carries the sign.
      var value = Int64(Int8(bitPattern: bytes[0]))
      for index in 1..<width { value = value << 8 | Int64(bytes[index]) }
      return value
    }
  }

  package func bool(_ row: Int, _ column: Int) throws(DatabaseError) -> Bool {
    try value(row, column, boolIfPresent(row, column))
  }

  package func boolIfPresent(_ row: Int, _ column: Int) throws(DatabaseError) -> Bool? {
    guard try type(row, column) == .bool else { throw mistake(row, column, "is no boolean") }
    return try reply.withBytes(row, column) { bytes throws(DatabaseError) in
      guard let bytes else { return nil }
      guard bytes.count == 1, bytes[0] <= 1 else { throw mistake(row, column, "is no boolean") }
      return bytes[0] == 1
    }
  }

  package func text(_ row: Int, _ column: Int) throws(DatabaseError) -> String {
    try value(row, column, textIfPresent(row, column))
  }

  package func textIfPresent(_ row: Int, _ column: Int) throws(DatabaseError) -> String? {
    guard try type(row, column).isText else { throw mistake(row, column, "is no text") }
    return try reply.withBytes(row, column) { bytes throws(DatabaseError) in
      guard let bytes else { return nil }
      let text = unsafe bytes.withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
      guard let text else { throw mistake(row, column, "is no UTF-8") }
      return text
    }
  }

  package func bytes(_ row: Int, _ column: Int) throws(DatabaseError) -> [UInt8] {
    try value(row, column, bytesIfPresent(row, column))
  }

  package func bytesIfPresent(_ row: Int, _ column: Int) throws(DatabaseError) -> [UInt8]? {
    guard try type(row, column) == .bytes else { throw mistake(row, column, "is no bytea") }
    return reply.withBytes(row, column) { bytes in
      guard let bytes else { return nil }
      return unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
    }
  }

  /// Calls `body` with bytes, without copying them.
  package func withBytes<Result>(
    _ row: Int, _ column: Int, _ body: (Span<UInt8>) throws(DatabaseError) -> Result
  ) throws(DatabaseError) -> Result {
    guard try type(row, column) == .bytes else { throw mistake(row, column, "is no bytea") }
    return try reply.withBytes(row, column) { bytes throws(DatabaseError) in
      guard let bytes else { throw mistake(row, column, "is null") }
      return try body(bytes)
    }
  }

  private func type(_ row: Int, _ column: Int) throws(DatabaseError) -> DatabaseType {
    guard (0..<count).contains(row), (0..<reply.columnCount).contains(column) else {
      throw mistake(row, column, "is not among \(count) rows of \(reply.columnCount) columns")
    }
    return reply.type(ofColumn: column)
  }

  private func value<Value>(_ row: Int, _ column: Int, _ value: Value?) throws(DatabaseError) -> Value {
    guard let value else { throw mistake(row, column, "is null") }
    return value
  }

  private func mistake(_ row: Int, _ column: Int, _ text: String) -> DatabaseError {
    .malformed("row \(row), column \(column) \(text)")
  }
}
#endif
