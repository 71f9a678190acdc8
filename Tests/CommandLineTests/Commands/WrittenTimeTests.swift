import Testing
import TokenLedger

@testable import refresh_ledger

@Suite("A time in a file") struct WrittenTimeTests {
  private func milliseconds(_ text: String) -> Int64? { WrittenTime.parse(text)?.milliseconds }

  @Test("is what RFC 3339 says, in UTC or with an offset, to the millisecond")
  func good() {
    #expect(milliseconds("1970-01-01T00:00:00Z") == 0)
    #expect(milliseconds("2026-01-31T12:00:00Z") == 1_769_860_800_000)
    #expect(milliseconds("2026-01-31t13:00:00.25+01:00") == 1_769_860_800_250)
    #expect(milliseconds("2026-01-31 06:30:00.123456-0530") == 1_769_860_800_123)
    #expect(milliseconds("2000-02-29T00:00:00Z") == 951_782_400_000)
    #expect(milliseconds("2028-02-29T23:59:59.999Z") == 1_835_481_599_999)
    #expect(milliseconds("9999-12-31T23:59:59Z") == 253_402_300_799_000)
  }

  @Test("may be a leap second, which ends a month in UTC")
  func leapSecond() {
    #expect(milliseconds("2016-12-31T23:59:60Z") == 1_483_228_800_000)
    #expect(milliseconds("2017-01-01T00:59:60.5+01:00") == 1_483_228_800_000)
    for text in ["2016-12-30T23:59:60Z", "2016-12-31T23:58:60Z", "2016-12-31T23:59:60+01:00", "2016-12-31T23:59:61Z"] {
      #expect(milliseconds(text) == nil, "\(text)")
    }
  }

  @Test(
    "that does not exist, or is written otherwise, is none",
    arguments: [
      "2027-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "2026-04-31T00:00:00Z",
      "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
      "2026-01-01T24:00:00Z", "2026-01-01T23:60:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00+24:00",
      "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00.Z", "2026-1-1T00:00:00Z",
      "2026-01-01", "2026-01-01T00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", " 2026-01-01T00:00:00Z",
      "2026-01-01T00:00:00Z ", "+2026-01-01T00:00:00Z", "２026-01-01T00:00:00Z", "",
    ])
  func bad(text: String) {
    #expect(milliseconds(text) == nil)
  }
}
