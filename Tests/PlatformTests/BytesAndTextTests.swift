import Platform
import Testing

@Suite("Bytes and text") struct BytesAndTextTests {
  @Test("Two spellings of one text in different normal forms have not the same bytes")
  func normalForms() {
    #expect("caf\u{E9}" == "cafe\u{301}" && !"caf\u{E9}".hasSameBytes(as: "cafe\u{301}"))
    #expect("".hasSameBytes(as: "") && "a\u{0}b".hasSameBytes(as: "a\u{0}b") && !"a".hasSameBytes(as: "b"))
  }

  @Test("Spans are compared by length and content")
  func spans() {
    func areSame(_ left: [UInt8], _ right: [UInt8]) -> Bool { left.span.hasSameBytes(as: right.span) }
    #expect(areSame([1, 2], [1, 2]) && !areSame([1, 2], [1, 2, 3]))
    #expect(areSame([], []) && !areSame([1, 2], [1, 3]))
  }

  @Test("Only zeroes are zero", arguments: [[], [0], [0, 0, 0]] as [[UInt8]])
  func zeroes(bytes: [UInt8]) {
    let (before, behind) = ([1] + bytes, bytes + [1])
    #expect(bytes.span.isZero && !before.span.isZero && !behind.span.isZero)
  }

  @Test("A byte is found from a place on")
  func find() {
    let bytes: [UInt8] = [7, 1, 7]
    #expect(bytes.span.firstIndex(of: 7, from: 0) == 0 && bytes.span.firstIndex(of: 7, from: 1) == 2)
    #expect(bytes.span.firstIndex(of: 7, from: 3) == nil && bytes.span.firstIndex(of: 2, from: 0) == nil)
  }

  @Test("Integers come back as they were appended, the lowest byte first")
  func littleEndian() {
    var bytes: [UInt8] = [0xFF]
    bytes.appendLittleEndian(0x0102_0304 as UInt32)
    #expect(bytes == [0xFF, 4, 3, 2, 1] && bytes.span.integer(UInt32.self, at: 1) == 0x0102_0304)
    bytes.overwriteLittleEndian(0x0506 as UInt16, at: 2)
    #expect(bytes == [0xFF, 4, 6, 5, 1])
  }

  @Test("Numbers are padded, and longer ones left whole")
  func digits() {
    #expect(String(0xAB as UInt64, digits: 4) == "00ab" && String(0o12345 as UInt32, radix: 8, digits: 4) == "12345")
    #expect(String(hexadecimal: [0, 0x1F]) == "001f" && String(hexadecimal: [0xEF], uppercase: true) == "EF")
  }

  @Test("Control characters are those that Unicode calls so")
  func controls() {
    for value in 0...0x300 as ClosedRange<UInt32> {
      guard let scalar = Unicode.Scalar(value) else { continue }
      #expect(scalar.isControl == (scalar.properties.generalCategory == .control))
    }
    #expect("a\tb".hasControlCharacters && !"a b".hasControlCharacters)
    #expect(UInt8(0x7F).isControl && !UInt8(0x80).isControl)
  }
}
