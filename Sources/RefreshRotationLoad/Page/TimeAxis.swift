/// The axis of a run's time, in the unit that suits its length.
enum TimeAxis {
  static func axis(_ runs: [PlottedRun], width: Double) -> Plot.Axis {
    let seconds = runs.map(\.length).max() ?? 1
    let (unit, name) = seconds > 7200 ? (3600.0, "h") : seconds > 180 ? (60.0, "min") : (1.0, "s")
    let inUnits = Scale.exact(0, seconds / unit)
    let marks = inUnits.marks(max(3, Int(width / 90))).map { ($0 * unit, Decimals.short($0)) }
    return Plot.Axis(
      scale: .exact(0, seconds), marks: marks.map { (value: $0.0, text: $0.1) }, title: "time since the start (\(name))"
    )
  }
}
