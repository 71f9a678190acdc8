package import Hummingbird

extension FormParameters {
  /// Those of a request's query, decoded as those of a form: `+` and `%20` are both a space. Every query that we read is read here.
  ///
  /// - Parameter mayRepeat: which parameters may come more than once; none by default.
  package init(query request: Request, mayRepeat: (String) -> Bool = { _ in false }) throws(FormFault) {
    let query = request.uri.query ?? ""
    // Stands for bytes that were not UTF-8 and are lost; whoever means the character itself sends it escaped.
    guard !query.unicodeScalars.contains("\u{FFFD}") else { throw .malformed }
    try self.init(Array(query.utf8)[...], mayRepeat: mayRepeat)
  }
}
