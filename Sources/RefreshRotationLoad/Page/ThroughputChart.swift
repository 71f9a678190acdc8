/// Rotations a second over time, and errors where there were any.
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
