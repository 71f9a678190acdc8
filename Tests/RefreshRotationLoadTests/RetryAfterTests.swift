import Testing

@testable import RefreshRotationLoad

@Suite("Retry-After") struct RetryAfterTests {
  /// 1994-11-06T08:49:07Z.
  private static let now: Int64 = 784_111_747

  private func seconds(_ text: String, date: String? = nil, now: Int64 = now) -> Int64? {
    RetryAfter.duration(text, date: date, nowSeconds: now)?.components.seconds
  }

  @Test(
    "is a date in each of the three forms of HTTP (RFC 9110 §5.6.7)",
    arguments: ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])
  func dates(text: String) {
    #expect(seconds(text) == 30 && seconds("  \(text)\t") == 30)
    #expect(seconds(text, now: Self.now + 31) == 0)
    #expect(seconds(text, now: Self.now - 100_000) == 3600)
  }

  @Test("is a date by the clock of the server that sent it, where the reply has its date")
  func serverClock() {
    let text = "Sun, 06 Nov 1994 08:49:37 GMT"
    #expect(seconds(text, date: "Sun, 06 Nov 1994 08:49:32 GMT", now: 2_000_000_000) == 5)
    #expect(seconds(text, date: "yesterday") == 30)
  }

  @Test("is a whole number of seconds, and never more than an hour")
  func numbers() {
    #expect(seconds("0") == 0 && seconds("7") == 7 && seconds(" 007 ") == 7 && seconds("4000") == 3600)
    #expect(seconds("99999999999999999999999") == 3600)
  }

  @Test("of two digits of a year is of the past where it would be more than 50 years ahead")
  func shortYears() {
    let in2026: Int64 = 1_790_000_000
    #expect(seconds("Sunday, 06-Nov-94 08:49:37 GMT", now: in2026) == 0)
    #expect(seconds("Wednesday, 31-Dec-75 23:59:59 GMT", now: in2026) == 3600)
  }

  @Test(
    "that is neither is none",
    arguments: [
      "", "soon", "+5", "-1", "1.5", "5 s", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT",
      "Sun, 29 Feb 2027 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT",
      "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Xyz, 06 Nov 1994 08:49:37 GMT",
      "Sun, 6 Nov 94 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT", "1994-11-06T08:49:37Z",
    ])
  func bad(text: String) {
    #expect(seconds(text) == nil)
  }
}
