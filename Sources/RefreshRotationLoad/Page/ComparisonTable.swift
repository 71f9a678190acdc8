/// The figures of two runs beside each other.
public struct ComparisonTable: Sendable {
  public struct Row: Sendable {
    public var name: String
    public var a: String
    public var b: String
    /// B against A; empty where that says nothing.
    public var change: String
  }

  public let rows: [Row]

  public init(_ a: LoadReport, _ b: LoadReport) {
    func row(_ name: String, _ value: (LoadReport) -> Double, unit: String = "") -> Row {
      let (first, second) = (value(a), value(b))
      return Row(
        name: name, a: Decimals.short(first) + unit, b: Decimals.short(second) + unit,
        change: Self.change(first, second))
    }
    rows = [
      row("rotations a second", \.rotationsPerSecond), row("latency p50", \.latencyMilliseconds.p50, unit: " ms"),
      row("latency p90", \.latencyMilliseconds.p90, unit: " ms"),
      row("latency p99", \.latencyMilliseconds.p99, unit: " ms"),
      row("latency p99.9", \.latencyMilliseconds.p999, unit: " ms"),
      row("latency max", \.latencyMilliseconds.max, unit: " ms"),
      row("rotations", { Double($0.rotations) }), row("errors", { Double($0.errors) }),
      row("broken invariants", { Double($0.invariantViolations) }),
    ]
  }

  private static func change(_ first: Double, _ second: Double) -> String {
    guard first > 0 else { return "" }
    let percent = (1000 * (second / first - 1)).rounded() / 10
    guard abs(percent) < 1000 else { return "× \(Decimals.short(second / first))" }
    return (percent > 0 ? "+" : percent < 0 ? "−" : "±") + Decimals.short(abs(percent)) + " %"
  }
}
