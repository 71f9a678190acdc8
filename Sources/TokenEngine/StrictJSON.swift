internal import TokenSigning

/// What the tokens' own reader takes for JSON: one object in UTF-8, no member twice, nothing deep or long (RFC 8259 §4).
package enum StrictJSON {
  /// Whether the bytes are such an object: then every reader sees the same in them.
  package static func isObject(_ bytes: [UInt8]) -> Bool { JSONCheck.isObject(bytes) }
}
