import Foundation
import LedgerTesting
import NIOCore
import Testing

@testable import TokenHTTP

@Suite("A written JSON object")
struct JSONObjectWriterTests {
  @Test("has its members in order, and no comma too many")
  func members() {
    var object = JSONObjectWriter()
    #expect(String(buffer: object.finish()) == "{}")
    object.add("text", "a")
    object.add("number", -1)
    object.add("flag", true)
    object.add("list", ["a", "b"])
    object.add("empty", [String]())
    #expect(String(buffer: object.finish()) == #"{"text":"a","number":-1,"flag":true,"list":["a","b"],"empty":[]}"#)
  }

  @Test("escapes quotes, backslashes and control characters, and nothing else")
  func escapes() {
    var object = JSONObjectWriter()
    object.add("text", "\"\\/\u{0}\n\u{1F}\u{7F}é\u{1F600}")
    #expect(String(buffer: object.finish()) == "{\"text\":\"\\\"\\\\/\\u0000\\u000a\\u001f\u{7F}é\u{1F600}\"}")
  }

  @Test("reads back as what was written, whatever the text")
  func readsBack() throws {
    for seed in 0..<200 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let scalars = (0..<20).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0...0x2FF, using: &random)) }
      let text = String(String.UnicodeScalarView(scalars))
      var object = JSONObjectWriter()
      object.add("text", text)
      let bytes = object.finish()
      let read = try JSONSerialization.jsonObject(with: Data(bytes.readableBytesView)) as? [String: String]
      #expect(read?["text"].map { Array($0.utf8) } == Array(text.utf8), "seed \(seed)")
    }
  }
}
