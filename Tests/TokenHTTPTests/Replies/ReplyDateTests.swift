import Testing

@testable import TokenHTTP

@Suite("The date of a reply")
struct ReplyDateTests {
  @Test(
    "is that of RFC 9110, in GMT",
    arguments: [
      (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
      (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
      (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ])
  func text(second: Int64, expected: String) {
    #expect(ReplyDate.text(ofSecond: second) == expected)
  }
}
