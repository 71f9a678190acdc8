internal import Platform
internal import RotationModel
internal import Synchronization

/// The value of `Date` in replies (RFC 9110 §5.6.7), which is made once a second.
final class ReplyDate: Sendable {
  private struct Made {
    var second = Int64.min
    var text = ""
  }

  private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private let made = Mutex(Made())

  /// The time of the wall clock, as `Date` has it.
  var now: String {
    let second = max(0, ClockReading.wallMilliseconds() / 1000)
    return made.withLock { made in
      if made.second != second { made = Made(second: second, text: Self.text(ofSecond: second)) }
      return made.text
    }
  }

  /// Returns a time of the years from 1970 to 9999 in the form that HTTP writes: `Mon, 30 Nov 2026 09:33:08 GMT`.
  static func text(ofSecond second: Int64) -> String {
    // Of `2026-11-30T09:33:08.000Z`.
    let text = Timestamp(milliseconds: second * 1000).description
    let (date, time) = (text.prefix(10).split(separator: "-"), text.dropFirst(11).prefix(8))
    guard date.count == 3, let month = Int(date[1]), months.indices.contains(month - 1) else { return text }
    // The first day of 1970 was a Thursday.
    let weekday = weekdays[Int(second / 86_400 % 7)]
    return "\(weekday), \(date[2]) \(months[month - 1]) \(date[0]) \(time) GMT"
  }
}
