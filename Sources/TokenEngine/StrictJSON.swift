internal import TokenSigning

/// What the tokens' own reader takes for JSON: one object in UTF-8, no member twice, nothing deep or long (RFC 8259 §4).
package enum StrictJSON {
  /// Why the bytes are not one, and in which line; nil where they are. An array may have `elementsMax` elements.
  static func fault(in bytes: [UInt8], elementsMax: Int) -> (what: String, line: Int)? {
    JSONCheck.fault(in: bytes, elementsMax: elementsMax)
  }

  /// Whether the bytes are such an object: then every reader sees the same in them.
  package static func isObject(_ bytes: [UInt8]) -> Bool { JSONCheck.isObject(bytes) }
}
