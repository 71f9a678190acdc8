internal import Platform

extension FormParameters {
  /// Reads the fields of `multipart/form-data` (RFC 7578), by the rules of a form: each is text, none is a file.
  ///
  /// Strict, since leniency would be a guess: the body begins with a boundary and ends with the last one, lines end
  /// with CR LF, and each part has one `Content-Disposition: form-data` with a name.
  init(
    multipart body: ArraySlice<UInt8>, boundary: [UInt8], mayRepeat: (String) -> Bool = { _ in false }
  ) throws(FormError) {
    self.init()
    let mark = Array("--".utf8) + boundary
    guard body.starts(with: mark) else { throw .malformed }
    var rest = body.dropFirst(mark.count)
    while true {
      if rest.starts(with: "--".utf8) {
        rest = rest.dropFirst(2)
        guard rest.isEmpty || rest.elementsEqual(MultipartPart.lineEnd) else { throw .malformed }
        return
      }
      rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
      guard rest.starts(with: MultipartPart.lineEnd) else { throw .malformed }
      rest = rest.dropFirst(2)
      guard let end = rest.firstIndex(of: MultipartPart.lineEnd + mark) else { throw .malformed }
      let part = try MultipartPart(rest[..<end])
      try add(part.name, Array(part.value), mayRepeat: mayRepeat)
      rest = rest[(end + MultipartPart.lineEnd.count + mark.count)...]
    }
  }
}

/// One part of a multipart body.
private struct MultipartPart {
  let name: [UInt8]
  let value: ArraySlice<UInt8>

  static let lineEnd: [UInt8] = [0x0D, 0x0A]
  private static let headersMax = 8

  init(_ part: ArraySlice<UInt8>) throws(FormError) {
    var rest = part
    var headers: [(name: String, value: String)] = []
    while !rest.starts(with: Self.lineEnd) {
      guard headers.count < Self.headersMax, let end = rest.firstIndex(of: Self.lineEnd),
        let header = Self.header(rest[..<end])
      else { throw .malformed }
      headers.append(header)
      rest = rest[(end + Self.lineEnd.count)...]
    }
    value = rest.dropFirst(Self.lineEnd.count)
    guard let name = Self.name(headers), headers.allSatisfy(Self.isReadable) else { throw .malformed }
    self.name = Array(name.utf8)
  }

  private static func header(_ line: ArraySlice<UInt8>) -> (name: String, value: String)? {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
      line.allSatisfy({ !$0.isControl || $0 == 0x09 }),
      let name = String(validating: line[..<colon], as: UTF8.self), !name.utf8.contains(0x20),
      let value = String(validating: line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }, as: UTF8.self)
    else { return nil }
    return (name.lowercased(), value)
  }

  private static func name(_ headers: [(name: String, value: String)]) -> String? {
    let found = headers.filter { $0.name == "content-disposition" }
    guard found.count == 1, let value = found.first?.value else { return nil }
    let end = value.firstIndex(of: ";") ?? value.endIndex
    // Without `filename` and the like: a file is not a parameter.
    guard value[..<end].trimmed.lowercased() == "form-data", let parameters = HeaderParameters(value[end...]),
      parameters.names == ["name"]
    else { return nil }
    return parameters["name"]
  }

  /// Tells whether the value is what it looks like: plain UTF-8.
  private static func isReadable(_ header: (name: String, value: String)) -> Bool {
    switch header.name {
    case "content-transfer-encoding": return ["7bit", "8bit", "binary"].contains(header.value.trimmed.lowercased())
    case "content-type":
      let end = header.value.firstIndex(of: ";") ?? header.value.endIndex
      guard let parameters = HeaderParameters(header.value[end...]) else { return false }
      return ["utf-8", "us-ascii", nil].contains(parameters["charset"]?.lowercased())
    default: return true
    }
  }
}

extension StringProtocol {
  /// The text without spaces at its end.
  fileprivate var trimmed: String {
    String(Substring(reversed().drop { $0 == " " || $0 == "\t" }.reversed()))
  }
}

extension ArraySlice<UInt8> {
  /// The index at which a sequence, which is not empty, begins first.
  fileprivate func firstIndex(of pattern: [UInt8]) -> Index? {
    guard let first = pattern.first else { return startIndex }
    var rest = self
    while let index = rest.firstIndex(of: first) {
      rest = rest[index...]
      if rest.starts(with: pattern) { return index }
      rest = rest.dropFirst()
    }
    return nil
  }
}
