/// A strict reader of JSON (RFC 8259) for tokens and key files.
///
/// UTF-8 is validated, no member name can occur twice (compared after its escapes are resolved), nothing can follow the
/// value, and every size has a limit.
struct JSONReader {
  static let depthMax = 8
  static let membersMax = 64
  static let elementsMax = 1024

  private let bytes: [UInt8]
  private let elementsMax: Int
  private var position = 0

  private init(_ bytes: [UInt8], elementsMax: Int) {
    self.bytes = bytes
    self.elementsMax = elementsMax
  }

  /// Returns the object that makes up all of `bytes`.
  ///
  /// The cost is one pass, and quadratic in the members of one object.
  static func object(_ bytes: [UInt8], elementsMax: Int = elementsMax) throws(JSONError) -> JSONObject {
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      throw JSONError(reason: .notUTF8, offset: error.byteOffsets.lowerBound)
    }
    var reader = JSONReader(bytes, elementsMax: elementsMax)
    reader.skipSpace()
    guard reader.next == UInt8(ascii: "{") else { throw reader.fault(.notObject) }
    let object = try reader.readObject(depth: 1)
    reader.skipSpace()
    guard reader.position == bytes.count else { throw reader.fault(.trailing) }
    return object
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func fault(_ reason: JSONError.Reason) -> JSONError {
    JSONError(reason: reason, offset: position)
  }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ text: StaticString) throws(JSONError) {
    for index in 0..<text.utf8CodeUnitCount {
      guard take(unsafe text.utf8Start[index]) else { throw fault(.unexpected) }
    }
  }

  private mutating func readValue(depth: Int) throws(JSONError) -> JSONValue {
    guard depth <= Self.depthMax else { throw fault(.tooDeep) }
    switch next {
    case UInt8(ascii: "\""): return .string(try readString())
    case UInt8(ascii: "{"): return .object(try readObject(depth: depth))
    case UInt8(ascii: "["): return .array(try readArray(depth: depth))
    case UInt8(ascii: "t"):
      try expect("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try expect("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try expect("null")
      return .null
    default: return try readNumber()
    }
  }

  private mutating func readObject(depth: Int) throws(JSONError) -> JSONObject {
    var members: [JSONObject.Member] = []
    members.reserveCapacity(12)
    position += 1
    skipSpace()
    if take(UInt8(ascii: "}")) { return JSONObject(members: members) }
    repeat {
      skipSpace()
      let start = position
      guard next == UInt8(ascii: "\"") else { throw fault(.unexpected) }
      let name = try readString()
      for member in members where member.name == name {
        throw JSONError(reason: .duplicateName, offset: start)
      }
      guard members.count < Self.membersMax else { throw fault(.tooMany) }
      skipSpace()
      try expect(":")
      skipSpace()
      let value = try readValue(depth: depth + 1)
      members.append(JSONObject.Member(name: name, value: value, source: start..<position))
      skipSpace()
    } while take(UInt8(ascii: ","))
    try expect("}")
    return JSONObject(members: members)
  }

  private mutating func readArray(depth: Int) throws(JSONError) -> [JSONValue] {
    var elements: [JSONValue] = []
    position += 1
    skipSpace()
    if take(UInt8(ascii: "]")) { return elements }
    repeat {
      guard elements.count < elementsMax else { throw fault(.tooMany) }
      skipSpace()
      elements.append(try readValue(depth: depth + 1))
      skipSpace()
    } while take(UInt8(ascii: ","))
    try expect("]")
    return elements
  }
}

// MARK: - Numbers

extension JSONReader {
  private mutating func readNumber() throws(JSONError) -> JSONValue {
    let start = position
    let isNegative = take(UInt8(ascii: "-"))
    guard let first = next, isDigit(first) else { throw fault(.unexpected) }
    var value: Int64? = 0
    if first == UInt8(ascii: "0") {
      position += 1
      // There is no integer -0: it is refused as a time, like any other odd spelling.
      if isNegative { value = nil }
    } else {
      while let digit = next, isDigit(digit) {
        value = extended(value, by: Int64(digit - UInt8(ascii: "0")), isNegative: isNegative)
        position += 1
      }
    }
    if take(UInt8(ascii: ".")) {
      value = nil
      try skipDigits()
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      value = nil
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try skipDigits()
    }
    if let value { return .integer(value) }
    // A number that is too large is read as infinity, which is not a valid time.
    return .number(Double(String(decoding: bytes[start..<position], as: UTF8.self)) ?? .infinity)
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  private func extended(_ value: Int64?, by digit: Int64, isNegative: Bool) -> Int64? {
    guard let value else { return nil }
    let (tens, tooBig) = value.multipliedReportingOverflow(by: 10)
    let (sum, overflow) =
      isNegative
      ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
    return tooBig || overflow ? nil : sum
  }

  private mutating func skipDigits() throws(JSONError) {
    guard let first = next, isDigit(first) else { throw fault(.unexpected) }
    while let digit = next, isDigit(digit) { position += 1 }
  }
}

// MARK: - Strings

extension JSONReader {
  private mutating func readString() throws(JSONError) -> String {
    position += 1
    let start = position
    while let byte = next {
      if byte == UInt8(ascii: "\"") {
        position += 1
        return String(decoding: bytes[start..<(position - 1)], as: UTF8.self)
      }
      if byte == UInt8(ascii: "\\") { return try readEscapedString(from: start) }
      if byte < 0x20 { throw fault(.controlCharacter) }
      position += 1
    }
    throw fault(.unexpected)
  }

  private mutating func readEscapedString(from start: Int) throws(JSONError) -> String {
    var text = Array(bytes[start..<position])
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): try readEscape(into: &text)
      case 0..<0x20:
        position -= 1
        throw fault(.controlCharacter)
      default: text.append(byte)
      }
    }
    throw fault(.unexpected)
  }

  private mutating func readEscape(into text: inout [UInt8]) throws(JSONError) {
    guard let letter = next else { throw fault(.badEscape) }
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): text.append(contentsOf: String(try readScalar()).utf8)
    default:
      position -= 1
      throw fault(.badEscape)
    }
  }

  private mutating func readScalar() throws(JSONError) -> Character {
    let first = UInt32(try readHex())
    var value = first
    if (0xD800..<0xDC00).contains(first) {
      guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw fault(.loneSurrogate) }
      let second = UInt32(try readHex())
      guard (0xDC00..<0xE000).contains(second) else { throw fault(.loneSurrogate) }
      value = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(value) else { throw fault(.loneSurrogate) }
    return Character(scalar)
  }

  private mutating func readHex() throws(JSONError) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw fault(.badEscape) }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }
}

/// A check whether bytes are one JSON object that ``JSONReader`` accepts.
package enum JSONCheck {
  package static func isObject(_ bytes: [UInt8]) -> Bool { (try? JSONReader.object(bytes)) != nil }

  /// Returns the reason that the bytes are not such an object, with its line, counted from 1; nil if they are one.
  ///
  /// An array can have at most `elementsMax` elements.
  package static func fault(in bytes: [UInt8], elementsMax: Int) -> (what: String, line: Int)? {
    do throws(JSONError) {
      _ = try JSONReader.object(bytes, elementsMax: elementsMax)
      return nil
    } catch {
      let line = 1 + bytes.prefix(error.offset).count(where: { $0 == UInt8(ascii: "\n") })
      guard error.reason == .duplicateName else { return (error.reason.rawValue, line) }
      let name = bytes.dropFirst(error.offset + 1).prefix(while: { $0 != UInt8(ascii: "\"") }).prefix(64)
      return ("names the member \"\(String(decoding: name, as: UTF8.self))\" twice", line)
    }
  }
}
