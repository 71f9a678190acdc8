#if Postgres
/// The parameters of one query in the form of libpq; the memory is reused for the next query.
struct ParameterBuffer {
  private(set) var types: [UInt32] = []
  private var bytes: [UInt8] = []
  /// The offset of each value in `bytes`, or nil for a null.
  private var offsets: [Int?] = []
  private var lengths: [Int32] = []
  private var formats: [Int32] = []
  private var hasNUL = false

  /// Fills the buffer.
  ///
  /// Returns false if a text has a NUL, which PostgreSQL cannot store.
  mutating func fill(_ parameters: [Parameter]) -> Bool {
    types.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
    offsets.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
    hasNUL = false
    for parameter in parameters {
      let start = bytes.count
      let isNull = !append(parameter)
      types.append(parameter.type.rawValue)
      offsets.append(isNull ? nil : start)
      lengths.append(Int32(bytes.count - start))
    }
    // An empty value needs an address too, since libpq takes one without an address for a null.
    bytes.append(0)
    while formats.count < parameters.count { formats.append(1) }
    return !hasNUL
  }

  /// Calls `body` with what libpq needs of each parameter: value, length in bytes and format.
  @unsafe func withPointers<Result>(
    _ body: (_ values: [UnsafePointer<CChar>?], _ lengths: [Int32], _ formats: [Int32]) -> Result
  ) -> Result {
    unsafe bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return unsafe body([], [], []) }
      let start = unsafe base.assumingMemoryBound(to: CChar.self)
      let values = unsafe offsets.map { offset in unsafe offset.map { unsafe start + $0 } }
      return unsafe body(values, lengths, formats)
    }
  }

  /// Appends a value.
  ///
  /// Returns false for a null.
  private mutating func append(_ parameter: Parameter) -> Bool {
    switch parameter {
    case .int16(let value?): bytes.appendBigEndian(value)
    case .int32(let value?): bytes.appendBigEndian(value)
    case .int64(let value?): bytes.appendBigEndian(value)
    case .bool(let value?): bytes.append(value ? 1 : 0)
    case .text(let value?): hasNUL = !bytes.appendText(value) || hasNUL
    case .bytes(let value?): bytes += value
    case .int16Array(let values): append(ArrayParameter(values))
    case .int64Array(let values): append(ArrayParameter(values))
    case .boolArray(let values): append(ArrayParameter(values))
    case .textArray(let values): append(ArrayParameter(values))
    case .bytesArray(let values): append(ArrayParameter(values))
    case .array(let array): append(array)
    case .int16(nil), .int32(nil), .int64(nil), .bool(nil), .text(nil), .bytes(nil): return false
    }
    return true
  }

  private mutating func append(_ array: ArrayParameter) {
    array.write(to: &bytes)
    hasNUL = array.hasNUL || hasNUL
  }
}
#endif
