package import HTTPTypes
package import Hummingbird
internal import NIOCore

/// Writes one JSON object, member by member, straight into the bytes of a reply (RFC 8259).
///
/// Names are literals that need no escape. The caller adds no name twice.
package struct JSONObjectWriter {
  private var bytes: ByteBuffer

  /// Begins an object.
  ///
  /// `capacity` is a guess in bytes.
  package init(capacity: Int = 256) {
    bytes = ByteBuffer()
    bytes.reserveCapacity(capacity)
    bytes.writeInteger(UInt8(ascii: "{"))
  }

  package mutating func add(_ name: StaticString, _ value: String) {
    begin(name)
    write(value)
  }

  package mutating func add(_ name: StaticString, _ value: Int64) {
    begin(name)
    bytes.writeString(String(value))
  }

  package mutating func add(_ name: StaticString, _ value: Bool) {
    begin(name)
    bytes.writeStaticString(value ? "true" : "false")
  }

  /// Adds a number of seconds with three decimals; what is shorter than a millisecond is left out.
  mutating func add(_ name: StaticString, seconds duration: Duration) {
    begin(name)
    let milliseconds = max(0, duration / .milliseconds(1))
    let whole = Int64(min(milliseconds, 1e15))
    let decimals = String(whole % 1000)
    bytes.writeString("\(whole / 1000).\(String(repeating: "0", count: 3 - decimals.utf8.count))\(decimals)")
  }

  package mutating func add(_ name: StaticString, _ values: [String]) {
    begin(name)
    bytes.writeInteger(UInt8(ascii: "["))
    for (index, value) in values.enumerated() {
      if index > 0 { bytes.writeInteger(UInt8(ascii: ",")) }
      write(value)
    }
    bytes.writeInteger(UInt8(ascii: "]"))
  }

  /// Adds an array of objects, each written by `write`.
  package mutating func add<Value>(
    _ name: StaticString, objects values: [Value], _ write: (Value, inout JSONObjectWriter) -> Void
  ) {
    begin(name)
    bytes.writeInteger(UInt8(ascii: "["))
    for (index, value) in values.enumerated() {
      if index > 0 { bytes.writeInteger(UInt8(ascii: ",")) }
      var object = JSONObjectWriter()
      write(value, &object)
      bytes.writeImmutableBuffer(object.finish())
    }
    bytes.writeInteger(UInt8(ascii: "]"))
  }

  /// Adds an object, written by `write`.
  package mutating func add(_ name: StaticString, object write: (inout JSONObjectWriter) -> Void) {
    begin(name)
    var object = JSONObjectWriter(capacity: 64)
    write(&object)
    bytes.writeImmutableBuffer(object.finish())
  }

  /// Adds the key that a token or a session is bound to, if there is one (RFC 9449 §6.1 and §6.2).
  package mutating func addConfirmation(thumbprint: String?) {
    guard let thumbprint else { return }
    add("cnf") { $0.add("jkt", thumbprint) }
  }

  /// Ends the object and returns its bytes.
  consuming func finish() -> ByteBuffer {
    bytes.writeInteger(UInt8(ascii: "}"))
    return bytes
  }

  private mutating func begin(_ name: StaticString) {
    if bytes.readableBytes > 1 { bytes.writeInteger(UInt8(ascii: ",")) }
    bytes.writeInteger(UInt8(ascii: "\""))
    bytes.writeStaticString(name)
    bytes.writeStaticString("\":")
  }

  private mutating func write(_ text: String) {
    bytes.writeInteger(UInt8(ascii: "\""))
    if JSONObjectWriter.needsEscape(text.utf8.span) {
      for byte in text.utf8 { writeEscaped(byte) }
    } else {
      bytes.writeString(text)
    }
    bytes.writeInteger(UInt8(ascii: "\""))
  }

  private mutating func writeEscaped(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      bytes.writeInteger(UInt8(ascii: "\\"))
      bytes.writeInteger(byte)
    case 0..<0x20:
      bytes.writeStaticString("\\u00")
      bytes.writeString(byte < 0x10 ? "0" : "1")
      bytes.writeString(String(byte & 0x0F, radix: 16))
    default:
      bytes.writeInteger(byte)
    }
  }

  private static func needsEscape(_ text: Span<UInt8>) -> Bool {
    for index in text.indices {
      let byte = text[index]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return true }
    }
    return false
  }
}

extension Response {
  /// Makes a JSON reply that must not be stored (RFC 6749 §5.1) and is not taken for another type.
  package init(status: HTTPResponse.Status, json: consuming JSONObjectWriter) {
    self.init(status: status, headers: .unstoredJSON, body: ResponseBody(byteBuffer: json.finish()))
  }

  /// Makes a JSON reply that is the same for everybody, and that caches may keep for five minutes.
  init(status: HTTPResponse.Status, publicJSON bytes: ByteBuffer, type: String = "application/json") {
    self.init(status: status, body: ResponseBody(byteBuffer: bytes))
    headers[.contentType] = type
    headers[.cacheControl] = "public, max-age=300"
    headers[.xContentTypeOptions] = "nosniff"
  }
}

extension HTTPFields {
  /// The header fields of every reply that must not be stored: made once, since a list of fields costs more to build
  /// than to copy.
  fileprivate static let unstoredJSON: HTTPFields = {
    var fields: HTTPFields = [
      .contentType: "application/json", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
    ]
    if let pragma = HTTPField.Name("Pragma") { fields[pragma] = "no-cache" }
    return fields
  }()
}
