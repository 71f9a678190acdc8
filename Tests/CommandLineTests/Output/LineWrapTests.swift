import Testing

@testable import refresh_ledger

@Suite("A line on a narrow terminal") struct LineWrapTests {
  private static let line = "  rotations             1,234.5  1,234,567 since its start"

  @Test(
    "is as it is where there is room, and else breaks between words", arguments: [1, 7, 12, 20, 33, 40, 57, 58, 100])
  func widths(width: Int) {
    let pieces = LineWrap.pieces(Self.line, width: width)
    #expect(pieces.allSatisfy { $0.count <= width }, "\(pieces)")
    if width >= Self.line.count { #expect(pieces == [Self.line]) }
    guard width >= 13 else { return }
    // Every word is whole in one of the pieces.
    #expect(pieces.flatMap { $0.split(separator: " ") } == Self.line.split(separator: " "), "\(pieces)")
  }

  @Test("has its rest further in, below it")
  func rest() {
    #expect(
      LineWrap.pieces(Self.line, width: 42) == ["  rotations             1,234.5  1,234,567", "    since its start"])
    #expect(LineWrap.pieces("ab cd", width: 2) == ["ab", " c"])
  }

  @Test("is cut only where a single word has no room")
  func cut() {
    #expect(LineWrap.pieces("https://a.example/b and more", width: 10) == ["https://a.", "and more"])
  }
}
