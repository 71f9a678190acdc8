/// The times that a claim may hold.
package enum ClaimTime {
  /// The last second of the year 9999.
  package static let secondsMax: Int64 = 253_402_300_799
  static let seconds: ClosedRange<Int64> = 0...secondsMax
  static let milliseconds: ClosedRange<Int64> = 0...(secondsMax * 1000 + 999)
}
