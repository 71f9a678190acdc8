/// What `top` watches.
protocol TopSource {
  associatedtype Reading: TopReading

  /// Of what the readings are.
  var title: String { get }
  /// Above the rows of the readings.
  var rowHeader: String { get }

  /// Looks at it once, so that the first reading has something to be compared with.
  mutating func begin() async throws(CommandFailure)

  /// What it is now, and what happened since the last look.
  mutating func read() async throws(CommandFailure) -> Reading
}

/// One look at what is watched.
protocol TopReading: Encodable {
  /// What the curve on the screen shows: rotations or records a second.
  var rate: Double { get }
  /// In one line, below ``TopSource/rowHeader``.
  var row: String { get }
  /// On a screen.
  func lines(history: [Double]) -> [String]
}
