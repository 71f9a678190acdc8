/// Values as a row of small bars, the highest as high as a letter.
enum Sparkline {
  private static let bars = Array("▁▂▃▄▅▆▇█")

  /// The last `width` values, from 0 up.
  static func text(_ values: [Double], width: Int) -> String {
    let shown = values.suffix(max(width, 0))
    let most = shown.max() ?? 0
    guard most > 0 else { return String(repeating: "▁", count: shown.count) }
    return String(shown.map { bars[min(Int(max($0, 0) / most * Double(bars.count)), bars.count - 1)] })
  }
}
