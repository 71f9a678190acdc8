/// Conversions of dates and times as people and protocols write them, in the Gregorian calendar and UTC.
package enum CalendarTime {
  /// Returns the seconds since 1970, or nil for a date or a time that does not exist.
  ///
  /// The second 60 exists only as a leap second, which is the last one of a month in UTC and counts as the second
  /// after it. `offsetSeconds` is the time by which the given time is ahead of UTC.
  package static func seconds(
    year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, offsetSeconds: Int = 0
  ) -> Int64? {
    guard (0...9999).contains(year), (1...12).contains(month), (1...days(ofMonth: month, in: year)).contains(day),
      (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
    else { return nil }
    let days = daysSince1970(year: year, month: month, day: day)
    let time = Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second - offsetSeconds)
    guard second == 60 else { return time }
    // The second after a leap second begins a month.
    return beginsMonth(time) ? time : nil
  }

  static func days(ofMonth month: Int, in year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func isLeap(_ year: Int) -> Bool {
    year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
  }

  private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
    // Years that begin in March have their leap day at the end; an era has 400 of them.
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func beginsMonth(_ time: Int64) -> Bool {
    guard time.isMultiple(of: 86_400) else { return false }
    let day = Int(time / 86_400)
    return (0...9999).contains { year in
      guard abs(day - daysSince1970(year: year, month: 1, day: 1)) <= 366 else { return false }
      return (1...12).contains { daysSince1970(year: year, month: $0, day: 1) == day }
    }
  }
}
