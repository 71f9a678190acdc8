/// A source that `top` watches.
protocol TopSource {
  associatedtype Reading: TopReading

  /// The name of the source.
  var title: String { get }
  /// The header of the rows of the readings.
  var rowHeader: String { get }

  /// Reads the source once, so that the first reading has something to be compared with.
  mutating func begin() async throws(CommandError)

  /// Reads the present state, and the changes since the last reading.
  mutating func read() async throws(CommandError) -> Reading
}

/// One reading of a source.
protocol TopReading: Encodable {
  /// The widths of the columns of a row.
  static var widths: [Int] { get }
  /// The rate that the curve on the screen shows: rotations or records a second.
  var rate: Double { get }
  /// The reading in one line, below ``TopSource/rowHeader``.
  var row: String { get }
  /// Returns the reading in the lines of a screen.
  func lines(history: [Double]) -> [String]
}

extension TopReading {
  /// Returns the cells of a row, each at the right of its column.
  static func line(_ cells: [String]) -> String {
    zip(cells, widths).map { FigureText.right($0, $1) }.joined(separator: " ")
  }

  /// Returns a figure of a row, with a decimal below 100.
  static func number(_ value: Double) -> String { FigureText.number(value, decimals: value < 100 ? 1 : 0) }

  /// Returns a line of a screen: a name and its figure.
  static func named(_ name: String, _ value: String) -> String {
    "  \(FigureText.left(name, 18))\(FigureText.right(value, 12))"
  }

  /// Returns lines of a screen: the rate of each kind, the highest first.
  static func lines(byKind rates: [String: Double]) -> [String] {
    guard !rates.isEmpty else { return ["  none"] }
    return rates.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { named($0.key, FigureText.number($0.value, decimals: 1)) }
  }
}
