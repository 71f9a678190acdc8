internal import HTTPTypes

extension HTTPFields {
  /// The announced length of the body in bytes, or nil if none is announced, or several are, or what is no number.
  ///
  /// Each request and each reply is asked for it. The joined value of a field by its name costs several times as much.
  var contentLength: Int? {
    var found: String?
    for field in self where field.name == .contentLength {
      guard found == nil else { return nil }
      found = field.value
    }
    return found.flatMap { Int($0) }
  }
}
