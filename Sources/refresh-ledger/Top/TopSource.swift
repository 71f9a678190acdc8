/// A thing that `top` watches.
protocol TopSource {
  associatedtype Reading: TopReading

  /// The name of what is watched.
  var title: String { get }
  /// The line above the rows of the readings.
  var rowHeader: String { get }

  /// Looks at it once, so that the first reading has something to be compared with.
  mutating func begin() async throws(CommandError)

  /// Reads the present state, and what happened since the last look.
  mutating func read() async throws(CommandError) -> Reading
}

/// One look at what is watched.
protocol TopReading: Encodable {
  /// The rate that the curve on the screen shows: rotations or records a second.
  var rate: Double { get }
  /// The reading in one line, below ``TopSource/rowHeader``.
  var row: String { get }
  /// The reading in the lines of a screen.
  func lines(history: [Double]) -> [String]
}
