import Testing
import TokenLedger

@testable import TokenConsole

@Suite("Figures as the console shows them")
struct FigureTextTests {
  @Test(
    "numbers have a comma for each thousand",
    arguments: [
      (0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"),
    ])
  func counts(number: Int, text: String) {
    #expect(FigureText.count(number) == text)
  }

  @Test(
    "rates have a decimal below 100",
    arguments: [
      (0, "0"), (0.04, "0.0"), (0.1, "0.1"), (99.94, "99.9"), (99.96, "100"), (12_345.6, "12,346"),
    ])
  func rates(value: Double, text: String) {
    #expect(FigureText.rate(value) == text)
  }

  @Test(
    "sizes have the largest unit that fits",
    arguments: [
      (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_572_864, "1.5 MiB"), (UInt64.max, "16,777,216.0 TiB"),
    ])
  func bytes(count: UInt64, text: String) {
    #expect(FigureText.bytes(count) == text)
  }

  @Test(
    "times of commits have three digits or so",
    arguments: [
      (Duration.microseconds(1), "0.00 ms"), (.microseconds(56), "0.06 ms"), (.microseconds(1_204), "1.20 ms"),
      (.microseconds(45_670), "45.7 ms"), (.milliseconds(2_340), "2.3 s"),
    ])
  func milliseconds(duration: Duration, text: String) {
    #expect(FigureText.milliseconds(duration) == text)
  }

  @Test("ages have one unit, past or to come")
  func ages() {
    let now = Timestamp(milliseconds: 1_767_225_600_000)
    func words(_ milliseconds: Int64) -> Bool {
      FigureText.age(now.advanced(byMilliseconds: milliseconds), at: now).text.contains(">in 30 d<")
    }
    #expect(words(30 * 86_400_000) && words(30 * 86_400_000 - 1000))
    let ago = FigureText.age(now.advanced(byMilliseconds: -90_000), at: now).text
    #expect(ago == "<time datetime=\"2025-12-31T23:58:30Z\" title=\"2025-12-31 23:58:30 UTC\">1 min ago</time>")
    #expect(
      FigureText.time(now, exact: true).text
        == "<time datetime=\"2026-01-01T00:00:00.000Z\">2026-01-01 00:00:00.000</time>")
  }

  @Test("values of a query are escaped byte by byte")
  func escaped() {
    #expect(FigureText.escaped("a b&ü~") == "a%20b%26%C3%BC~")
  }
}
