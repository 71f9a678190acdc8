#if Postgres
internal import Platform

/// A PostgreSQL array that is written element by element into one buffer, so that an element costs no allocation.
package struct ArrayParameter: Sendable, Hashable {
  package enum Element: Sendable, Hashable { case int16, int32, int64, bool, text, bytes }

  private let element: Element
  private var bytes: [UInt8] = []
  private var hasNull = false
  /// True if a text has a NUL, which PostgreSQL cannot store.
  private(set) var hasNUL = false
  package private(set) var count = 0

  package init(of element: Element) { self.element = element }

  init(_ values: [Int16?]) {
    self.init(of: .int16, count: values.count, bytesEach: 6)
    for value in values { append(value) }
  }

  init(_ values: [Int64?]) {
    self.init(of: .int64, count: values.count, bytesEach: 12)
    for value in values { append(value) }
  }

  init(_ values: [Bool?]) {
    self.init(of: .bool, count: values.count, bytesEach: 5)
    for value in values { append(value) }
  }

  init(_ values: [String?]) {
    self.init(of: .text, count: values.count, bytesEach: 24)
    for value in values { append(value) }
  }

  init(_ values: [[UInt8]?]) {
    self.init(of: .bytes, count: values.count, bytesEach: 24)
    for value in values { append(value) }
  }

  private init(of element: Element, count: Int, bytesEach: Int) {
    self.init(of: element)
    bytes.reserveCapacity(count * bytesEach)
  }

  /// Writes the array as the server reads it: the number of dimensions, the null flag, the type, then the count and
  /// lower bound of the one dimension, and the elements.
  func write(to target: inout [UInt8]) {
    target.appendBigEndian(count == 0 ? 0 : 1 as Int32)
    target.appendBigEndian(hasNull ? 1 : 0 as Int32)
    target.appendBigEndian(elementType.rawValue)
    guard count > 0 else { return }
    target.appendBigEndian(Int32(count))
    target.appendBigEndian(1 as Int32)
    target += bytes
  }

  var type: DatabaseType {
    switch element {
    case .int16: .int16Array
    case .int32: .int32Array
    case .int64: .int64Array
    case .bool: .boolArray
    case .text: .textArray
    case .bytes: .bytesArray
    }
  }

  private var elementType: DatabaseType {
    switch element {
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .bool: .bool
    case .text: .text
    case .bytes: .bytes
    }
  }

  /// Removes all elements and keeps the memory.
  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    (hasNull, hasNUL, count) = (false, false, 0)
  }

  package mutating func append(_ value: Int16?) {
    precondition(element == .int16)
    if let value { appendInteger(value) } else { appendNull() }
  }

  package mutating func append(_ value: Int32?) {
    precondition(element == .int32)
    if let value { appendInteger(value) } else { appendNull() }
  }

  package mutating func append(_ value: Int64?) {
    precondition(element == .int64)
    if let value { appendInteger(value) } else { appendNull() }
  }

  package mutating func append(_ value: Bool?) {
    precondition(element == .bool)
    if let value { appendInteger(value ? 1 as UInt8 : 0) } else { appendNull() }
  }

  package mutating func append(_ value: String?) {
    precondition(element == .text)
    guard let value else { return appendNull() }
    count += 1
    bytes.appendBigEndian(Int32(value.utf8.count))
    hasNUL = !bytes.appendText(value) || hasNUL
  }

  package mutating func append(_ value: [UInt8]?) {
    precondition(element == .bytes)
    guard let value else { return appendNull() }
    count += 1
    bytes.appendBigEndian(Int32(value.count))
    bytes += value
  }

  package mutating func append(_ value: Span<UInt8>) {
    precondition(element == .bytes)
    count += 1
    bytes.appendBigEndian(Int32(value.count))
    unsafe value.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
  }

  private mutating func appendInteger(_ value: some FixedWidthInteger) {
    count += 1
    bytes.appendBigEndian(Int32(value.bitWidth / 8))
    bytes.appendBigEndian(value)
  }

  private mutating func appendNull() {
    count += 1
    hasNull = true
    bytes.appendBigEndian(-1 as Int32)
  }
}

extension [UInt8] {
  /// Appends a text.
  ///
  /// Returns false if it has a NUL.
  mutating func appendText(_ text: String) -> Bool {
    let start = count
    append(contentsOf: text.utf8)
    return span.firstIndex(of: 0, from: start) == nil
  }

  /// Appends an integer with the highest byte first, as on the network.
  mutating func appendBigEndian(_ value: some FixedWidthInteger) {
    unsafe Swift.withUnsafeBytes(of: value.bigEndian) { unsafe append(contentsOf: $0) }
  }
}
#endif
