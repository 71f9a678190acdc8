internal import HTTPTypes
package import Hummingbird
internal import NIOCore

extension Request {
  /// The form in the body. Parameters in the query are never looked at: they end up in logs (RFC 6749 §2.3.1).
  ///
  /// Throws ``FormFault``, and what the connection throws while the body is read.
  /// - Parameters:
  ///   - takesMultipart: whether `multipart/form-data` is read too.
  ///   - mayRepeat: which parameters may come more than once; none by default.
  package func form(
    bytesMax: Int, takesMultipart: Bool = false, mayRepeat: (String) -> Bool = { _ in false }
  ) async throws -> FormParameters {
    guard let type = mediaType else { throw FormFault.mediaType }
    let isMultipart = type.isNamed("multipart/form-data")
    guard isMultipart ? takesMultipart : type.isNamed("application/x-www-form-urlencoded") else {
      throw FormFault.mediaType
    }
    guard let body = try await body(bytesMax: bytesMax) else { throw FormFault.tooLarge }
    // In one piece of memory: a view of the buffer asks at each byte whether it may be read.
    let bytes = Array(buffer: body)[...]
    guard isMultipart else { return try FormParameters(bytes, mayRepeat: mayRepeat) }
    guard let boundary = type.boundary else { throw FormFault.malformed }
    return try FormParameters(multipart: bytes, boundary: boundary, mayRepeat: mayRepeat)
  }

  /// Nil where there is not just one, or the body is compressed.
  private var mediaType: FormMediaType? {
    guard headers[values: .contentType].count == 1, let type = headers[.contentType] else { return nil }
    if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" { return nil }
    return FormMediaType(type)
  }
}
