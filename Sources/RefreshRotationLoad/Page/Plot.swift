/// A chart as SVG: axes with marks, and the drawing between them.
///
/// It is drawn in several widths, so that its letters have the same size in each window.
struct Plot {
  struct Axis {
    var scale: Scale
    var marks: [(value: Double, text: String)]
    /// The title of the axis, with its unit.
    var title: String
  }

  let width: Double
  let height: Double
  let x: Axis
  let y: Axis
  private var drawn = ""

  static let (left, right, top, bottom) = (58.0, 16.0, 30.0, 42.0)
  /// The width of a letter, which is that of the widest digits.
  private static let letterWidth = 7.6

  init(width: Double, height: Double, x: Axis, y: Axis) {
    self.width = width
    self.height = height
    self.x = x
    self.y = y
  }

  var innerWidth: Double { width - Self.left - Self.right }
  var innerHeight: Double { height - Self.top - Self.bottom }

  func across(_ value: Double) -> Double { Self.left + x.scale.share(value) * innerWidth }
  func down(_ value: Double) -> Double { Self.top + (1 - y.scale.share(value)) * innerHeight }

  /// Draws a line through the points, with a gap for a nil value.
  mutating func line(_ points: [(x: Double, y: Double?)], style: String) {
    var path = ""
    var isPenDown = false
    for point in points {
      guard let value = point.y else {
        isPenDown = false
        continue
      }
      path += "\(isPenDown ? "L" : "M")\(Markup.place(across(point.x))) \(Markup.place(down(value)))"
      isPenDown = true
    }
    guard !path.isEmpty else { return }
    if style.contains("over") { drawn += "<path class=\"halo\" d=\"\(path)\"/>" }
    drawn += "<path class=\"line \(style)\" d=\"\(path)\"/>"
  }

  /// Fills the area between the points and the bottom of the chart.
  mutating func area(_ points: [(x: Double, y: Double)], style: String) {
    guard let first = points.first, let last = points.last else { return }
    let foot = Markup.place(Self.top + innerHeight)
    let path = points.map { "L\(Markup.place(across($0.x))) \(Markup.place(down($0.y)))" }.joined()
    drawn +=
      "<path class=\"\(style)\" d=\"M\(Markup.place(across(first.x))) \(foot)\(path)L\(Markup.place(across(last.x))) \(foot)z\"/>"
  }

  /// Returns the path of a rectangle between values.
  func cell(_ x: ClosedRange<Double>, _ y: ClosedRange<Double>) -> String {
    let (left, right) = (across(x.lowerBound), across(x.upperBound))
    let (top, bottom) = (down(y.upperBound), down(y.lowerBound))
    return
      "M\(Markup.place(left)) \(Markup.place(top))H\(Markup.place(right))V\(Markup.place(bottom))H\(Markup.place(left))z"
  }

  mutating func shape(_ path: String, style: String) {
    if !path.isEmpty { drawn += "<path class=\"\(style)\" d=\"\(path)\"/>" }
  }

  /// Returns the chart as SVG.
  ///
  /// `id` must be unique in the page.
  func svg(id: String, size: String, title: String, description: String) -> String {
    """
    <svg class="\(size)" viewBox="0 0 \(Markup.place(width)) \(Markup.place(height))" role="img" \
    aria-labelledby="\(id)-t \(id)-d"><title id="\(id)-t">\(Markup.escape(title))</title>\
    <desc id="\(id)-d">\(Markup.escape(description))</desc>\(grid)\(drawn)\(frame)</svg>
    """
  }

  private var grid: String {
    let (right, foot) = (Markup.place(width - Self.right), Markup.place(Self.top + innerHeight))
    let (left, top) = (Markup.place(Self.left), Markup.place(Self.top))
    let rows = y.marks.map { "M\(left) \(Markup.place(down($0.value)))H\(right)" }.joined()
    let columns = x.marks.map { "M\(Markup.place(across($0.value))) \(top)V\(foot)" }.joined()
    return "<path class=\"grid\" d=\"\(rows)\(columns)\"/>"
  }

  private var frame: String {
    let foot = Self.top + innerHeight
    var text =
      "<path class=\"axis\" d=\"M\(Markup.place(Self.left)) \(Markup.place(foot))H\(Markup.place(width - Self.right))\"/>"
    for mark in y.marks {
      text += label(Self.left - 8, down(mark.value) + 4, "end", mark.text)
    }
    var free = 0.0
    for mark in x.marks {
      let half = Double(mark.text.count) * Self.letterWidth / 2
      let place = min(across(mark.value), width - half - 1)
      guard place - half >= free else { continue }
      free = place + half + Self.letterWidth
      text += label(place, foot + 17, "middle", mark.text)
    }
    text += label(2, 14, "start", y.title, style: "unit")
    text += label(width - Self.right, height - 6, "end", x.title, style: "unit")
    return text
  }

  private func label(_ x: Double, _ y: Double, _ anchor: String, _ text: String, style: String = "mark") -> String {
    "<text class=\"\(style)\" x=\"\(Markup.place(x))\" y=\"\(Markup.place(y))\" text-anchor=\"\(anchor)\">\(Markup.escape(text))</text>"
  }
}

/// A mapping from values to positions along an axis.
struct Scale {
  let low: Double
  let high: Double
  let isLogarithmic: Bool

  /// Returns a linear scale from 0 to a round number that is at least `most`.
  static func linear(upTo most: Double) -> Scale {
    let most = most > 0 ? most : 1
    let step = roundStep(most / 4)
    return Scale(low: 0, high: (most / step).rounded(.up) * step, isLogarithmic: false)
  }

  static func exact(_ low: Double, _ high: Double) -> Scale {
    Scale(low: low, high: high > low ? high : low + 1, isLogarithmic: false)
  }

  /// Returns a logarithmic scale that is wide enough for the marks of one decade.
  static func logarithmic(_ low: Double, _ high: Double) -> Scale {
    let low = low > 0 ? low : 0.001
    let high = max(high, low)
    let middle = (low * high).squareRoot()
    return high / low < 8
      ? Scale(low: middle / 2.9, high: middle * 2.9, isLogarithmic: true)
      : Scale(low: low, high: high, isLogarithmic: true)
  }

  /// Returns the position of a value: 0 at the low end, 1 at the high one.
  ///
  /// Values beyond are at the ends.
  func share(_ value: Double) -> Double {
    let share: Double
    if isLogarithmic {
      guard value > low else { return 0 }
      share = Decimals.logarithm(value / low, base: 2) / Decimals.logarithm(high / low, base: 2)
    } else {
      share = (value - low) / (high - low)
    }
    return min(max(share, 0), 1)
  }

  /// Returns round values for marks, about `count` at most.
  func marks(_ count: Int) -> [Double] {
    guard isLogarithmic else {
      let step = Self.roundStep((high - low) / Double(max(count, 1)))
      return stride(from: (low / step).rounded(.up), through: high / step + 1e-9, by: 1).map { $0 * step }
    }
    for digits in [[1.0, 2, 5], [1, 3], [1]] {
      let found = decades(digits)
      if found.count <= count || digits.count == 1 {
        let stride = max(1, (found.count + count - 1) / max(count, 1))
        return found.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
      }
    }
    return []
  }

  private func decades(_ digits: [Double]) -> [Double] {
    let first = Int(Decimals.logarithm(low, base: 10).rounded(.down))
    let last = Int(Decimals.logarithm(high, base: 10).rounded(.up))
    return (first...last).flatMap { decade in digits.map { $0 * Decimals.power(10, Double(decade)) } }
      .filter { $0 >= low * 0.999 && $0 <= high * 1.001 }
  }

  /// Returns 1, 2 or 5 times a power of ten, at `step` or above it.
  private static func roundStep(_ step: Double) -> Double {
    let power = Decimals.power(10, Decimals.logarithm(step, base: 10).rounded(.down))
    for factor in [1.0, 2, 5] where factor * power >= step * 0.999_999 { return factor * power }
    return 10 * power
  }
}
