/// What is wrong with the body of a request as a form. None of these holds any of the body.
package enum FormFault: Error, Sendable, Hashable {
  /// Not `application/x-www-form-urlencoded`, or compressed.
  case mediaType
  /// Over the limit of the body.
  case tooLarge
  /// A parameter came twice (RFC 6749 §3.2).
  case duplicate
  case tooManyParameters
  /// A `%` without two hexadecimal digits, a byte that no form holds, or text that is not UTF-8.
  case malformed
}
