import Testing

@testable import refresh_ledger

@Suite struct LoadTerminalTests {
  @Test("A sparkline is as wide as it may be and as high as its values")
  func sparkline() {
    #expect(Sparkline.text([0, 1, 2, 3, 4, 5, 6, 7, 8], width: 20) == "▁▂▃▄▅▆▇██")
    #expect(Sparkline.text([9, 9, 0, 5, 10], width: 3) == "▁▅█")
    #expect(Sparkline.text([0, 0], width: 3) == "▁▁")
    #expect(Sparkline.text([], width: 3) == "" && Sparkline.text([1], width: 0) == "")
  }

  @Test("Figures are as long as they say something")
  func figures() {
    #expect([0, 0.0314, 1.5, 12.34, 1_234_567.8].map(FigureText.short) == ["0", "0.031", "1.5", "12.3", "1,234,568"])
    #expect(FigureText.short(.nan) == "0" && FigureText.short(.infinity) == "0")
    #expect(FigureText.counted(1, "error") == "1 error" && FigureText.counted(-1200, "error") == "-1,200 errors")
    #expect(FigureText.seconds(.milliseconds(12_340)) == "12.3 s")
  }
}
