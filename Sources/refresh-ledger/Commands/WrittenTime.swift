import RefreshRotationLoad
import TokenLedger

/// A time as RFC 3339 writes it: `2026-01-31T12:00:00Z`, with a fraction or without, in UTC or with an offset.
enum WrittenTime {
  /// Nil for another form, for a day or time that does not exist, and for what is before 1970. A fraction counts to the millisecond.
  static func parse(_ text: String) -> Timestamp? {
    var rest = Array(text.utf8)[...]
    guard let year = number(&rest, 4), take(&rest, "-"), let month = number(&rest, 2), take(&rest, "-"),
      let day = number(&rest, 2), take(&rest, "Tt "), let hour = number(&rest, 2), take(&rest, ":"),
      let minute = number(&rest, 2), take(&rest, ":"), let second = number(&rest, 2),
      let milliseconds = fraction(&rest), let offset = offset(&rest), rest.isEmpty
    else { return nil }
    let seconds = CalendarTime.seconds(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second, offsetSeconds: offset)
    guard let seconds, (0...253_402_300_799).contains(seconds) else { return nil }
    // A fraction of a leap second has no place of its own.
    return Timestamp(milliseconds: seconds * 1000 + (second == 60 ? 0 : milliseconds))
  }

  private static func number(_ rest: inout ArraySlice<UInt8>, _ digits: Int) -> Int? {
    let text = rest.prefix(digits)
    guard text.count == digits, text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    rest = rest.dropFirst(digits)
    return text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  private static func take(_ rest: inout ArraySlice<UInt8>, _ any: StaticString) -> Bool {
    guard let byte = rest.first, "\(any)".utf8.contains(byte) else { return false }
    rest = rest.dropFirst()
    return true
  }

  /// Milliseconds; 0 where there is no fraction, nil where one has no digits.
  private static func fraction(_ rest: inout ArraySlice<UInt8>) -> Int64? {
    guard take(&rest, ".") else { return 0 }
    let digits = rest.prefix { (0x30...0x39).contains($0) }
    guard !digits.isEmpty else { return nil }
    rest = rest.dropFirst(digits.count)
    let first = Array(digits.prefix(3))
    return (0..<3).reduce(Int64(0)) { $0 * 10 + ($1 < first.count ? Int64(first[$1] - 0x30) : 0) }
  }

  /// Seconds that the written time is ahead of UTC.
  private static func offset(_ rest: inout ArraySlice<UInt8>) -> Int? {
    if take(&rest, "Zz") { return 0 }
    let isBehind = rest.first == UInt8(ascii: "-")
    guard take(&rest, "+-"), let hours = number(&rest, 2) else { return nil }
    // The colon was left out by some of what wrote such times.
    _ = take(&rest, ":")
    guard let minutes = number(&rest, 2), hours <= 23, minutes <= 59 else { return nil }
    return (hours * 3600 + minutes * 60) * (isBehind ? -1 : 1)
  }
}
