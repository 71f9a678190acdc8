/// From values to places along an axis.
struct Scale {
  let low: Double
  let high: Double
  let isLogarithmic: Bool

  /// From 0 to a round number at `most` or above it.
  static func linear(upTo most: Double) -> Scale {
    let most = most > 0 ? most : 1
    let step = roundStep(most / 4)
    return Scale(low: 0, high: (most / step).rounded(.up) * step, isLogarithmic: false)
  }

  static func exact(_ low: Double, _ high: Double) -> Scale {
    Scale(low: low, high: high > low ? high : low + 1, isLogarithmic: false)
  }

  /// Wide enough to show one decade's worth of marks.
  static func logarithmic(_ low: Double, _ high: Double) -> Scale {
    let low = low > 0 ? low : 0.001
    let high = max(high, low)
    let middle = (low * high).squareRoot()
    return high / low < 8
      ? Scale(low: middle / 2.9, high: middle * 2.9, isLogarithmic: true)
      : Scale(low: low, high: high, isLogarithmic: true)
  }

  /// 0 at the low end, 1 at the high one; values beyond lie on the ends.
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

  /// Round values, at most about `count`.
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

  /// 1, 2 or 5 times a power of ten, at `step` or above it.
  private static func roundStep(_ step: Double) -> Double {
    let power = Decimals.power(10, Decimals.logarithm(step, base: 10).rounded(.down))
    for factor in [1.0, 2, 5] where factor * power >= step * 0.999_999 { return factor * power }
    return 10 * power
  }
}
