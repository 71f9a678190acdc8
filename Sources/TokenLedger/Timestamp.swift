/// A moment in whole milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// Every time in the ledger and its log is one of these: exact to the millisecond, eight bytes, and free of
/// any calendar. Arithmetic saturates, so no time read from disk can trap.
public struct Timestamp: Sendable, Hashable, Comparable {
  public var milliseconds: Int64

  public init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  public static let zero = Timestamp(milliseconds: 0)
  public static let distantFuture = Timestamp(milliseconds: .max)

  /// Whole seconds since the epoch, rounded down: what `iat` carries.
  public var seconds: Int64 { milliseconds.flooringDivision(by: 1000) }

  /// Whole seconds since the epoch, rounded up: what `exp` carries, so that no verifier ends a token early.
  public var secondsRoundedUp: Int64 {
    let floor = seconds
    return floor.multipliedReportingOverflow(by: 1000).partialValue == milliseconds ? floor : floor + 1
  }

  public func advanced(byMilliseconds delta: Int64) -> Timestamp {
    let (sum, overflow) = milliseconds.addingReportingOverflow(delta)
    guard overflow else { return Timestamp(milliseconds: sum) }
    return Timestamp(milliseconds: delta > 0 ? .max : .min)
  }

  /// Milliseconds from `earlier` to this moment.
  public func millisecondsSince(_ earlier: Timestamp) -> Int64 {
    let (difference, overflow) = milliseconds.subtractingReportingOverflow(earlier.milliseconds)
    guard overflow else { return difference }
    return milliseconds > earlier.milliseconds ? .max : .min
  }

  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.milliseconds < right.milliseconds
  }
}

extension Int64 {
  fileprivate func flooringDivision(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
