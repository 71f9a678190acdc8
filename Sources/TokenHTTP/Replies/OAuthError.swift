/// The bodies of error replies in both formats.
enum ErrorBody {
  /// RFC 6749 §5.2.
  static func standard(_ code: String, _ description: String) -> JSONObjectWriter {
    var body = JSONObjectWriter()
    body.add("error", code)
    body.add("error_description", description)
    return body
  }

  static func romm(_ detail: String) -> JSONObjectWriter {
    var body = JSONObjectWriter()
    body.add("detail", detail)
    return body
  }
}
