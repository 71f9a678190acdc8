import Testing

@testable import RefreshRotationLoad

@Suite("An axis") struct ScaleTests {
  @Test("has round marks, no more than fit, within its ends", arguments: [0.0003, 0.9, 7, 42, 999, 123_456, 9_000_000])
  func linear(most: Double) {
    let scale = Scale.linear(upTo: most)
    let marks = scale.marks(5)
    #expect((2...7).contains(marks.count), "\(marks)")
    #expect(marks.first == 0 && scale.high >= most && scale.high <= most * 2.6, "\(scale)")
    #expect(marks.allSatisfy { (0...1).contains(scale.share($0)) })
  }

  @Test("of latencies has some marks for any range", arguments: [(0.01, 0.011), (0.2, 3), (0.05, 120_000), (1, 1)])
  func logarithmic(low: Double, high: Double) {
    let scale = Scale.logarithmic(low, high)
    let marks = scale.marks(6)
    #expect((1...7).contains(marks.count), "\(marks)")
    #expect(scale.share(low) < scale.share(high) || low == high)
  }

  @Test("writes numbers as people do")
  func numbers() {
    #expect(
      [0, 0.5, 1.234, 45.67, 1234.5, 1_234_567].map(Decimals.short) == [
        "0", "0.5", "1.23", "45.7", "1,235", "1,234,567",
      ])
    #expect(Decimals.percent(99.9) == "99.9 %" && Decimals.percent(50) == "50 %")
    #expect(Decimals.round(123_456) == 123_500 && Decimals.round(0) == 0)
  }
}
