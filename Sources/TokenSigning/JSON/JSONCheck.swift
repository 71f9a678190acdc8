/// Whether bytes are one JSON object that ``JSONReader`` takes.
package enum JSONCheck {
  package static func isObject(_ bytes: [UInt8]) -> Bool { (try? JSONReader.object(bytes)) != nil }
}
