/// A moment in whole milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// All times in the ledger and its log have this type: exact to the millisecond, eight bytes, and independent of any
/// calendar. Arithmetic saturates, so that no time read from disk can trap.
public struct Timestamp: Sendable, Hashable, Comparable {
  public var milliseconds: Int64

  @inlinable public init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  @inlinable public static var zero: Timestamp { Timestamp(milliseconds: 0) }
  @inlinable public static var distantFuture: Timestamp { Timestamp(milliseconds: .max) }
  /// The milliseconds of 9999-12-31T23:59:59.999Z.
  ///
  /// No stored time is later, so that a sum with a lifetime cannot overflow.
  @inlinable package static var latestMilliseconds: Int64 { 253_402_300_799_999 }

  /// The whole seconds since the epoch, rounded down, as the `iat` claim carries them.
  public var seconds: Int64 { milliseconds.flooringDivision(by: 1000) }

  /// The whole seconds since the epoch, rounded up, as the `exp` claim carries them, so that no verifier ends a token
  /// early.
  public var secondsRoundedUp: Int64 {
    let floor = seconds
    return floor.multipliedReportingOverflow(by: 1000).partialValue == milliseconds ? floor : floor + 1
  }

  @inlinable public func advanced(byMilliseconds delta: Int64) -> Timestamp {
    let (sum, overflow) = milliseconds.addingReportingOverflow(delta)
    guard overflow else { return Timestamp(milliseconds: sum) }
    return Timestamp(milliseconds: delta > 0 ? .max : .min)
  }

  /// Returns the time of the wall clock for a time of the ledger that was ahead by a shift of `seconds` whole seconds.
  @inlinable
  public func shifted(back seconds: Int64) -> Timestamp { advanced(byMilliseconds: -1000 * seconds) }

  /// Returns the milliseconds from `earlier` to this moment; it saturates on overflow.
  @inlinable public func millisecondsSince(_ earlier: Timestamp) -> Int64 {
    let (difference, overflow) = milliseconds.subtractingReportingOverflow(earlier.milliseconds)
    guard overflow else { return difference }
    return milliseconds > earlier.milliseconds ? .max : .min
  }

  @inlinable public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.milliseconds < right.milliseconds
  }
}

/// The text uses the proleptic Gregorian calendar (ISO 8601), computed without a library.
extension Timestamp: LosslessStringConvertible {
  private static let dayMilliseconds: Int64 = 86_400_000

  /// The time in UTC to the millisecond (RFC 3339): `2026-11-30T09:33:08.123Z`.
  ///
  /// A year outside 0 to 9999 has a sign and at least six digits (ISO 8601).
  public var description: String {
    let days = milliseconds.flooringDivision(by: Self.dayMilliseconds)
    // The day of the earliest time begins before the smallest representable millisecond: the product wraps around, and
    // the difference wraps back.
    let rest = milliseconds &- days &* Self.dayMilliseconds
    let (year, month, day) = Self.date(ofDay: days)
    let shownYear =
      (0...9999).contains(year) ? Self.digits(year, 4) : (year < 0 ? "-" : "+") + Self.digits(abs(year), 6)
    return "\(shownYear)-\(Self.digits(month, 2))-\(Self.digits(day, 2))T\(Self.digits(rest / 3_600_000, 2))"
      + ":\(Self.digits(rest / 60_000 % 60, 2)):\(Self.digits(rest / 1000 % 60, 2)).\(Self.digits(rest % 1000, 3))Z"
  }

  /// Creates a time from a text that ``description`` gives, with or without the milliseconds, or returns nil for any
  /// other.
  public init?(_ description: String) {
    guard description.utf8.count <= 40, description.utf8.last == UInt8(ascii: "Z") else { return nil }
    let halves = description.dropLast().split(separator: "T", omittingEmptySubsequences: false)
    guard halves.count == 2, let day = Self.day(halves[0]), let time = Self.milliseconds(halves[1]) else { return nil }
    // Negative days are counted from their end, for the reason given in `description`.
    let (end, overflow) = (day + (day < 0 ? 1 : 0)).multipliedReportingOverflow(by: Self.dayMilliseconds)
    let (sum, sumOverflow) = end.addingReportingOverflow(time - (day < 0 ? Self.dayMilliseconds : 0))
    guard !overflow, !sumOverflow else { return nil }
    self.init(milliseconds: sum)
  }

  /// Returns the number of the day with this date, 0 for 1970-01-01.
  private static func day(_ text: Substring) -> Int64? {
    let sign = text.utf8.first.flatMap { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") ? $0 : nil }
    let parts = text.dropFirst(sign == nil ? 0 : 1).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, let digits = number(parts[0], sign == nil ? 4...4 : 6...9),
      let month = number(parts[1], 2...2), let day = number(parts[2], 2...2)
    else { return nil }
    let year = sign == UInt8(ascii: "-") ? -digits : digits
    guard sign == nil || !(0...9999).contains(year), sign == nil || parts[0].utf8.count == 6 || digits > 999_999 else {
      return nil
    }
    let number = number(ofYear: year, month: month, day: day)
    // A date that exists comes back unchanged; 29 February 2027 does not.
    guard (1...12).contains(month), date(ofDay: number) == (year, month, day) else { return nil }
    return number
  }

  private static func milliseconds(_ text: Substring) -> Int64? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    let seconds = parts[2].split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(seconds.count), let hour = number(parts[0], 2...2), hour < 24,
      let minute = number(parts[1], 2...2), minute < 60, let second = number(seconds[0], 2...2), second < 60,
      let fraction = seconds.count == 1 ? 0 : number(seconds[1], 3...3)
    else { return nil }
    return ((hour * 60 + minute) * 60 + second) * 1000 + fraction
  }

  private static func number(_ text: Substring, _ digits: ClosedRange<Int>) -> Int64? {
    let isNumber = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return isNumber && digits.contains(text.utf8.count) ? Int64(text) : nil
  }

  private static func digits(_ number: Int64, _ count: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
  }

  /// Returns the date of a day.
  ///
  /// Years begin in March here, so that the leap day is the last of a year; 400 years are an era of 146,097 days.
  private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = shifted.flooringDivision(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
  }

  private static func number(ofYear year: Int64, month: Int64, day: Int64) -> Int64 {
    let marchYear = month <= 2 ? year - 1 : year
    let era = marchYear.flooringDivision(by: 400)
    let yearOfEra = marchYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}

extension Timestamp: Codable {
  /// Decodes the ``milliseconds`` since 1970 from a whole number, which is exact and sorts as times do.
  public init(from decoder: any Decoder) throws {
    self.init(milliseconds: try decoder.singleValueContainer().decode(Int64.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(milliseconds)
  }
}

extension Int64 {
  fileprivate func flooringDivision(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
