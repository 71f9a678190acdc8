/// The chart of rotations a second over time, with the errors if there were any.
enum ThroughputChart {
  static func markup(_ runs: [PlottedRun]) -> String {
    var legend = runs.map { (style: "key-\($0.style)", text: $0.label("rotations a second")) }
    let failing = runs.filter { $0.report.errors > 0 }
    legend += failing.map { (style: "key-error-\($0.style)", text: $0.label("errors a second")) }
    let open = runs.first { $0.report.options.rate != nil }
    if let rate = open?.report.options.rate {
      legend.append((style: "key-target", text: "asked for: \(Decimals.short(rate)) a second"))
    }
    let sentences = runs.map { run in
      run.label(
        "\(Decimals.short(run.report.rotationsPerSecond)) rotations a second in \(Decimals.short(run.report.seconds)) s"
      )
    }
    var figure = ChartFigure(
      id: "throughput", title: "Throughput",
      sentence: "Rotations that were granted, in intervals of \(intervals(runs)).", legend: legend,
      description: sentences.joined(separator: "; ") + ". The values are in the table below.")
    if runs.count == 1, let run = runs.first { fillTable(&figure, run) }
    return figure.markup { draw(runs, width: $0, height: $1) }
  }

  private static func intervals(_ runs: [PlottedRun]) -> String {
    let lengths = runs.map { "\(Decimals.short($0.report.series.intervalSeconds)) s" }
    return Set(lengths).count == 1 ? lengths[0] : lengths.joined(separator: " and ")
  }

  private static func fillTable(_ figure: inout ChartFigure, _ run: PlottedRun) {
    let series = run.report.series
    figure.tableHeader = ["second", "rotations a second", "errors"]
    figure.tableRows = stride(from: 0, to: series.rotations.count, by: ChartFigure.tableStride(series.rotations.count))
      .map {
        [
          Decimals.short(Double($0) * series.intervalSeconds), Decimals.short(run.rate(series.rotations[$0], at: $0)),
          "\(series.errors[$0])",
        ]
      }
  }

  private static func draw(_ runs: [PlottedRun], width: Double, height: Double) -> Plot {
    let rates = runs.flatMap { run -> [Double] in
      let series = run.report.series
      return (Array(series.rotations.enumerated()) + Array(series.errors.enumerated())).map {
        run.rate($0.element, at: $0.offset)
      }
        + [run.report.options.rate ?? 0]
    }
    let scale = Scale.linear(upTo: rates.max() ?? 1)
    let marks = scale.marks(5).map { (value: $0, text: Decimals.short($0)) }
    var plot = Plot(
      width: width, height: height, x: TimeAxis.axis(runs, width: width),
      y: .init(scale: scale, marks: marks, title: "rotations per second"))
    for run in runs {
      let series = run.report.series
      let points = series.rotations.enumerated().map {
        (x: run.time($0.offset), y: run.rate($0.element, at: $0.offset))
      }
      if runs.count == 1 { plot.area(points, style: "area-\(run.style)") }
      if let rate = run.report.options.rate {
        let ramp = run.report.options.rampUpSeconds
        plot.line([(x: 0, y: ramp > 0 ? 0 : rate), (x: ramp, y: rate), (x: run.length, y: rate)], style: "target")
      }
      plot.line(points.map { (x: $0.x, y: $0.y) }, style: run.style)
      if run.report.errors > 0 {
        plot.line(
          series.errors.enumerated().map { (x: run.time($0.offset), y: run.rate($0.element, at: $0.offset)) },
          style: "error-\(run.style)")
      }
    }
    return plot
  }
}

/// The chart of latency over time: for one run the number of rotations at each latency, with two percentiles over it;
/// for two runs, the percentiles alone.
enum LatencyChart {
  static let heatLevels = 7

  static func markup(_ runs: [PlottedRun]) -> String {
    var legend: [(style: String, text: String)] = []
    for run in runs {
      legend.append((style: "key-\(runs.count == 1 ? "over" : run.style)", text: run.label("p50")))
      legend.append((style: "key-\(runs.count == 1 ? "over" : run.style)-dashed", text: run.label("p99")))
    }
    if runs.count == 1 { legend.append((style: "key-heat", text: "fewer to more rotations")) }
    let said = runs.map { run in
      let latency = run.report.latencyMilliseconds
      return run.label(
        "median \(Decimals.short(latency.p50)) ms, 99th percentile \(Decimals.short(latency.p99)) ms, longest \(Decimals.short(latency.max)) ms"
      )
    }
    var figure = ChartFigure(
      id: "latency" + (runs.count == 1 ? runs[0].name : ""), title: title(runs), sentence: sentence(runs),
      legend: legend,
      description: said.joined(separator: "; ") + ".")
    if runs.count == 1, let run = runs.first {
      let series = run.report.series
      figure.tableHeader = ["second", "p50 (ms)", "p90 (ms)", "p99 (ms)", "max (ms)"]
      figure.tableRows = stride(from: 0, to: series.p50.count, by: ChartFigure.tableStride(series.p50.count)).map {
        [Decimals.short(Double($0) * series.intervalSeconds)]
          + [series.p50[$0], series.p90[$0], series.p99[$0], series.max[$0]].map(Decimals.short)
      }
    }
    return figure.markup { draw(runs, width: $0, height: $1) }
  }

  private static func title(_ runs: [PlottedRun]) -> String {
    runs.count == 1 ? runs[0].label("Latency over time") : "Latency over time"
  }

  private static func sentence(_ runs: [PlottedRun]) -> String {
    runs.contains { $0.report.options.rate != nil }
      ? "From the moment a rotation was due, so that what waited behind a slow one counts; logarithmic."
      : "From the request to its reply; logarithmic."
  }

  private static func draw(_ runs: [PlottedRun], width: Double, height: Double) -> Plot {
    let isHeat = runs.count == 1
    let values = runs.flatMap { run in
      (isHeat ? [] : run.report.series.p50 + run.report.series.p99).filter { $0 > 0 }
        + (isHeat ? run.report.series.heatBounds : [])
    }
    let low = (values.min() ?? 0.1) / (isHeat ? 1.19 : 1.3)
    let scale = Scale.logarithmic(low, (values.max() ?? 10) * (isHeat ? 1 : 1.3))
    let marks = scale.marks(6).map { (value: $0, text: Decimals.short($0)) }
    var plot = Plot(
      width: width, height: height, x: TimeAxis.axis(runs, width: width),
      y: .init(scale: scale, marks: marks, title: "latency in milliseconds"))
    if isHeat, let run = runs.first { heat(run, &plot) }
    for run in runs {
      let style = isHeat ? "over" : run.style
      plot.line(points(run, run.report.series.p50), style: style)
      plot.line(points(run, run.report.series.p99), style: "\(style) dashed")
    }
    return plot
  }

  private static func points(_ run: PlottedRun, _ values: [Double]) -> [(x: Double, y: Double?)] {
    values.enumerated().map { (x: run.time($0.offset), y: $0.element > 0 ? $0.element : nil) }
  }

  /// Draws the heat map.
  ///
  /// The cells of one colour level are one path, so that the page stays small.
  private static func heat(_ run: PlottedRun, _ plot: inout Plot) {
    let series = run.report.series
    let grouped = max(1, Int((Double(series.heat.count) / (plot.innerWidth / 5)).rounded(.up)))
    let columns = stride(from: 0, to: series.heat.count, by: grouped).map { start in
      series.heat[start..<min(start + grouped, series.heat.count)].reduce(
        into: [Int](repeating: 0, count: series.heatBounds.count)
      ) {
        for (row, count) in $1.enumerated() where row < $0.count { $0[row] += count }
      }
    }
    let most = Double(columns.flatMap { $0 }.max() ?? 0)
    guard most > 0 else { return }
    var paths = [String](repeating: "", count: heatLevels)
    for (column, cells) in columns.enumerated() {
      let start = Double(column * grouped) * series.intervalSeconds
      let end = min(start + Double(grouped) * series.intervalSeconds, run.length)
      for (row, count) in cells.enumerated() where count > 0 {
        let share = most > 1 ? Decimals.logarithm(Double(count), base: 2) / Decimals.logarithm(most, base: 2) : 1
        let high = series.heatBounds[row]
        let low = row > 0 ? series.heatBounds[row - 1] : high / 1.19
        paths[min(Int(share * Double(heatLevels)), heatLevels - 1)] += plot.cell(start...end, low...high)
      }
    }
    for (level, path) in paths.enumerated() { plot.shape(path, style: "heat\(level + 1)") }
  }
}
