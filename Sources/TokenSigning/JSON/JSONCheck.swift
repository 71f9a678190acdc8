/// Whether bytes are one JSON object that ``JSONReader`` takes.
package enum JSONCheck {
  package static func isObject(_ bytes: [UInt8]) -> Bool { (try? JSONReader.object(bytes)) != nil }

  /// Why bytes are not such an object, and in which line, counted from 1; nil where they are one.
  ///
  /// - Parameter elementsMax: how many elements an array may have.
  package static func fault(in bytes: [UInt8], elementsMax: Int) -> (what: String, line: Int)? {
    do throws(JSONFault) {
      _ = try JSONReader.object(bytes, elementsMax: elementsMax)
      return nil
    } catch {
      let line = 1 + bytes.prefix(error.offset).count(where: { $0 == UInt8(ascii: "\n") })
      guard error.reason == .duplicateName else { return (error.reason.rawValue, line) }
      let name = bytes.dropFirst(error.offset + 1).prefix(while: { $0 != UInt8(ascii: "\"") }).prefix(64)
      return ("names the member \"\(String(decoding: name, as: UTF8.self))\" twice", line)
    }
  }
}
