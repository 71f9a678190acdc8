/// The header `Retry-After` (RFC 9110 §10.2.3): a number of seconds, or a date in any of the three forms of HTTP.
enum RetryAfter {
  /// The longest wait in seconds; a longer one is cut to this.
  private static let most: Int64 = 3600

  /// Returns the time to wait, or nil for a text that is neither form.
  ///
  /// A date refers to the clock of `date`, the header `Date` of the same reply, or without that header to `nowSeconds`,
  /// this machine's time since 1970.
  static func duration(_ text: String, date: String?, nowSeconds: Int64) -> Duration? {
    let text = trimmed(text)
    if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      return .seconds(min(Int64(text) ?? most, most))
    }
    guard let end = seconds(ofDate: text, nowSeconds: nowSeconds) else { return nil }
    let now = date.flatMap { seconds(ofDate: trimmed($0), nowSeconds: nowSeconds) } ?? nowSeconds
    return .seconds(min(max(0, end - now), most))
  }

  private static func trimmed(_ text: String) -> Substring {
    let start = text.drop { $0 == " " || $0 == "\t" }
    let end = start.lastIndex { $0 != " " && $0 != "\t" }
    return end.map { start[...$0] } ?? ""
  }

  /// Parses `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994` (RFC 9110
  /// §5.6.7).
  private static func seconds(ofDate text: Substring, nowSeconds: Int64) -> Int64? {
    let words = text.split(separator: " ")
    switch words.count {
    case 6 where words[5] == "GMT" && isDay(words[0].dropLast(), "Mon") && words[0].last == ",":
      return seconds(day: words[1], month: words[2], year: number(words[3], digits: 4), time: words[4])
    case 4 where words[3] == "GMT" && isDay(words[0].dropLast(), "Monday") && words[0].last == ",":
      let parts = words[1].split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 3, let short = number(parts[2], digits: 2) else { return nil }
      return seconds(
        day: parts[0], month: parts[1], year: year(ofTwoDigits: short, nowSeconds: nowSeconds), time: words[2])
    case 5 where isDay(words[0], "Mon"):
      return seconds(day: words[2], month: words[1], year: number(words[4], digits: 4), time: words[3])
    default: return nil
    }
  }

  private static let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// Checks whether a word is a day of the week, in the form that `pattern` has for Monday: `Mon` or `Monday`.
  private static func isDay(_ word: Substring, _ pattern: String) -> Bool {
    days.contains { word == (pattern.count == 3 ? $0.prefix(3) : $0[...]) }
  }

  private static func seconds(day: Substring, month: Substring, year: Int?, time: Substring) -> Int64? {
    let parts = time.split(separator: ":", omittingEmptySubsequences: false).map { number($0, digits: 2) }
    guard let year, let month = months.firstIndex(where: { $0 == month }),
      let day = number(day, digits: 2) ?? number(day, digits: 1), parts.count == 3,
      let hour = parts[0], let minute = parts[1], let second = parts[2]
    else { return nil }
    return CalendarTime.seconds(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
  }

  private static func number(_ text: Substring, digits: Int) -> Int? {
    guard text.utf8.count == digits, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }

  /// Returns the year for two digits; one that seems more than 50 years ahead is in the past (RFC 9110 §5.6.7).
  private static func year(ofTwoDigits short: Int, nowSeconds: Int64) -> Int {
    let now = 1970 + Int(nowSeconds / 31_556_952)
    let year = now - now % 100 + short
    return year > now + 50 ? year - 100 : year
  }
}
