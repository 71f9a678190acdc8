internal import HTTPTypes
package import Hummingbird
internal import NIOCore
internal import Platform
internal import TokenEngine

extension Request {
  /// Reads the form in the body.
  ///
  /// Parameters in the query are never read: they end up in logs (RFC 6749 §2.3.1).
  ///
  /// - Parameters:
  ///   - bytesMax: The most bytes of the body; one that is announced as longer is refused unread.
  ///   - takesMultipart: True if `multipart/form-data` is read too.
  ///   - mayRepeat: Tells which parameters can come more than once; none by default.
  /// - Returns: The parameters, in the order in which they came.
  /// - Throws: ``FormError``, and errors of the connection while the body is read.
  package func form(
    bytesMax: Int, takesMultipart: Bool = false, mayRepeat: (String) -> Bool = { _ in false }
  ) async throws -> FormParameters {
    guard let type = mediaType else { throw FormError.mediaType }
    let isMultipart = type.isNamed("multipart/form-data")
    guard isMultipart ? takesMultipart : type.isNamed("application/x-www-form-urlencoded") else {
      throw FormError.mediaType
    }
    guard let body = try await body(bytesMax: bytesMax) else { throw FormError.tooLarge }
    // In one piece of memory: a view of the buffer checks at each byte whether it can be read.
    let bytes = Array(buffer: body)[...]
    guard isMultipart else { return try FormParameters(bytes, mayRepeat: mayRepeat) }
    guard let boundary = type.boundary else { throw FormError.malformed }
    return try FormParameters(multipart: bytes, boundary: boundary, mayRepeat: mayRepeat)
  }

  /// The media type of the body; nil if there is not exactly one, or the body is compressed.
  private var mediaType: FormMediaType? {
    let types = headers[values: .contentType]
    guard types.count == 1 else { return nil }
    if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" { return nil }
    return FormMediaType(types[0])
  }
}

extension FormParameters {
  /// Reads the parameters of a request's query, decoded like those of a form: `+` and `%20` are both a space.
  ///
  /// Every query is read here.
  ///
  /// - Parameters:
  ///   - request: The request; without a query it has no parameters.
  ///   - mayRepeat: Tells which parameters can come more than once; none by default.
  /// - Throws: ``FormError`` if the query is malformed, or a parameter comes twice or is one too many.
  package init(query request: Request, mayRepeat: (String) -> Bool = { _ in false }) throws(FormError) {
    let query = request.uri.query ?? ""
    // It stands for bytes that were not UTF-8 and are lost; whoever means the character itself sends it escaped.
    guard !query.unicodeScalars.contains("\u{FFFD}") else { throw .malformed }
    try self.init(Array(query.utf8)[...], mayRepeat: mayRepeat)
  }

  /// Reads the query of a route that has just these parameters, each once and with a value: a misspelt or empty one
  /// would ask for something else than the caller meant, and one that came twice could mean either.
  init(query request: Request, known names: [String]) throws(OAuthError) {
    do { try self.init(query: request) } catch {
      switch error {
      case .duplicate: throw .repeatedParameter
      case .tooManyParameters: throw .tooManyQueryParameters
      default: throw .malformedQuery
      }
    }
    guard self.names.allSatisfy({ name in names.contains { $0.hasSameBytes(as: name) } }) else {
      throw .unknownParameter(known: names)
    }
    for name in self.names where self[named: name] == nil { throw .empty(parameter: name) }
  }
}

// Nothing that is printed shows a secret of the request. Here, because the form does not know the engine.
extension FormParameters: RedactedValue {}
