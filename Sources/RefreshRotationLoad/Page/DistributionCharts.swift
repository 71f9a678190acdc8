/// The charts of the distribution of latencies: their percentiles as a curve, and the number in each range.
enum DistributionCharts {
  static func percentiles(_ runs: [PlottedRun]) -> String {
    var legend: [(style: String, text: String)] = []
    for run in runs {
      let isOpen = run.report.serviceDistribution != nil
      legend.append((style: "key-\(run.style)", text: run.label(isOpen ? "since it was due" : "latency")))
      if isOpen { legend.append((style: "key-\(run.style)-dashed", text: run.label("since it went out"))) }
    }
    let said = runs.map { run in
      let latency = run.report.latencyMilliseconds
      return run.label(
        "50 % within \(Decimals.short(latency.p50)) ms, 90 % within \(Decimals.short(latency.p90)) ms, 99 % within \(Decimals.short(latency.p99)) ms, 99.9 % within \(Decimals.short(latency.p999)) ms"
      )
    }
    var figure = ChartFigure(
      id: "percentiles", title: "Latency by percentile",
      sentence:
        "Which share of the rotations took no longer than that; both axes are logarithmic, so that the slow ones are seen.",
      legend: legend, description: said.joined(separator: "; ") + ".")
    figure.tableHeader = ["percentile"] + runs.map { $0.label("ms") }
    figure.tableRows = [50.0, 75, 90, 95, 99, 99.5, 99.9, 99.99, 100].map { percentile in
      ["\(Decimals.percent(percentile))"] + runs.map { Decimals.short(value($0.report.distribution, percentile)) }
    }
    return figure.markup { drawPercentiles(runs, width: $0, height: $1) }
  }

  /// Returns the value at the first point that reaches the percentile.
  private static func value(_ distribution: LatencyDistribution, _ percentile: Double) -> Double {
    let index = distribution.percentiles.firstIndex { $0 >= percentile - 0.000_1 }
    return index.map { distribution.milliseconds[$0] } ?? distribution.milliseconds.last ?? 0
  }

  private static func drawPercentiles(_ runs: [PlottedRun], width: Double, height: Double) -> Plot {
    let distributions = runs.flatMap { [$0.report.distribution, $0.report.serviceDistribution].compactMap { $0 } }
    let count = Double(max(distributions.map(\.count).max() ?? 1, 10))
    let end = Decimals.logarithm(count, base: 10)
    let all = [50.0, 90, 99, 99.9, 99.99, 99.999, 99.9999]
    let marks = all.map { (value: -Decimals.logarithm(1 - $0 / 100, base: 10), text: Decimals.percent($0)) }
      .filter { $0.value <= end }
    let values = distributions.flatMap(\.milliseconds).filter { $0 > 0 }
    let scale = Scale.logarithmic((values.min() ?? 0.1) / 1.1, (values.max() ?? 1) * 1.1)
    var plot = Plot(
      width: width, height: height,
      x: .init(scale: .exact(0, end), marks: marks, title: "share of the rotations"),
      y: .init(
        scale: scale, marks: scale.marks(6).map { (value: $0, text: Decimals.short($0)) },
        title: "latency in milliseconds"))
    for run in runs {
      if let service = run.report.serviceDistribution {
        plot.line(points(service, end: end), style: "\(run.style) dashed")
      }
      plot.line(points(run.report.distribution, end: end), style: run.style)
    }
    return plot
  }

  private static func points(_ distribution: LatencyDistribution, end: Double) -> [(x: Double, y: Double?)] {
    let last = Decimals.logarithm(Double(max(distribution.count, 1)), base: 10)
    return zip(distribution.percentiles, distribution.milliseconds).map { percentile, milliseconds in
      let left = 1 - percentile / 100
      return (x: left > 0 ? min(-Decimals.logarithm(left, base: 10), last) : last, y: milliseconds)
    }
  }

  /// Returns the histogram of one run.
  static func histogram(_ run: PlottedRun) -> String {
    let series = run.report.series
    let counts = series.heatBounds.indices.map { row in series.heat.reduce(0) { $0 + $1[row] } }
    let total = Double(max(counts.reduce(0, +), 1))
    let shares = counts.map { 100 * Double($0) / total }
    var figure = ChartFigure(
      id: "histogram", title: "Latency distribution",
      sentence: "How many of the rotations took how long; four ranges for each doubling.",
      legend: [(style: "key-\(run.style)", text: "share of the rotations")],
      description:
        "The most, \(Decimals.short(shares.max() ?? 0)) %, took up to \(Decimals.short(mostFrequent(series, shares))) ms."
    )
    figure.tableHeader = ["up to (ms)", "rotations", "share (%)"]
    figure.tableRows = series.heatBounds.indices.filter { counts[$0] > 0 }.map {
      [Decimals.short(series.heatBounds[$0]), Decimals.grouped(counts[$0]), Decimals.short(shares[$0])]
    }
    return figure.markup { width, height in
      let low = (series.heatBounds.first ?? 1) / 1.19
      let scale = Scale.logarithmic(low, series.heatBounds.last ?? 1)
      let shareScale = Scale.linear(upTo: shares.max() ?? 1)
      var plot = Plot(
        width: width, height: height,
        x: .init(
          scale: scale, marks: scale.marks(Int(width / 70)).map { (value: $0, text: Decimals.short($0)) },
          title: "latency in milliseconds"),
        y: .init(
          scale: shareScale, marks: shareScale.marks(5).map { (value: $0, text: Decimals.short($0)) },
          title: "share of the rotations in %"))
      var bars = ""
      for (row, share) in shares.enumerated() where share > 0 {
        let high = series.heatBounds[row]
        bars += plot.cell((row > 0 ? series.heatBounds[row - 1] : high / 1.19)...high, 0...share)
      }
      plot.shape(bars, style: "bars")
      return plot
    }
  }

  private static func mostFrequent(_ series: LoadSeries, _ shares: [Double]) -> Double {
    let index = shares.indices.max { shares[$0] < shares[$1] }
    return index.map { series.heatBounds[$0] } ?? 0
  }
}
