internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension Request {
  /// The form in the body. Parameters in the query are never looked at: they end up in logs (RFC 6749 §2.3.1).
  ///
  /// Throws ``FormFault``, and what the connection throws while the body is read.
  func form(bytesMax: Int) async throws -> FormParameters {
    guard isForm else { throw FormFault.mediaType }
    guard let body = try await body(bytesMax: bytesMax) else { throw FormFault.tooLarge }
    // In one piece of memory: a view of the buffer asks at each byte whether it may be read.
    return try FormParameters(Array(buffer: body)[...])
  }

  private var isForm: Bool {
    guard headers[values: .contentType].count == 1, let type = headers[.contentType] else { return false }
    if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" { return false }
    let name = type.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
    return Substring(name).lowercased() == "application/x-www-form-urlencoded"
  }
}
