import CoreMetrics
import Testing

@testable import refresh_ledger

@Suite("The Prometheus registry")
struct PrometheusRegistryTests {
  private func registry(seriesMax: Int = 100) -> PrometheusRegistry {
    PrometheusRegistry(
      [
        "a_total": .init(help: "One \\ of\nthem \"here\".", kind: .counter), "b": .init(help: "B.", kind: .gauge),
        "c_seconds": .init(help: "C.", kind: .histogram),
      ], seriesMax: seriesMax)
  }

  @Test("writes nothing before something was made, and then zero")
  func zero() {
    let registry = registry()
    #expect(registry.text == "")
    _ = Meter(label: "b", factory: registry)
    #expect(registry.text == "# HELP b B.\n# TYPE b gauge\nb 0\n")
  }

  @Test("escapes help and label values, and writes names and labels in their order")
  func escapes() {
    let registry = registry()
    Meter(label: "b", factory: registry).set(-1.5)
    Counter(label: "a_total", dimensions: [("x", "2"), ("y", "z")], factory: registry).increment(by: 3)
    Counter(label: "a_total", dimensions: [("x", "\"1\"\n\\")], factory: registry).increment()
    #expect(
      registry.text == #"""
        # HELP a_total One \\ of\nthem "here".
        # TYPE a_total counter
        a_total{x="2",y="z"} 3
        a_total{x="\"1\"\n\\"} 1
        # HELP b B.
        # TYPE b gauge
        b -1.5

        """#)
  }

  @Test("writes a timer as a histogram of seconds whose buckets add up")
  func histogram() throws {
    let registry = registry()
    let timer = Timer(label: "c_seconds", dimensions: [("x", "y")], factory: registry)
    for milliseconds in [1, 1, 2, 50, 9_000_000] { timer.recordMilliseconds(milliseconds) }
    let lines = registry.text.split(separator: "\n").map(String.init)
    func line(_ bound: String) -> String? { lines.first { $0.contains("le=\"\(bound)\"") } }
    #expect(line("0.0005") == #"c_seconds_bucket{x="y",le="0.0005"} 0"#)
    // A bound is the highest value in its bucket.
    #expect(line("0.001") == #"c_seconds_bucket{x="y",le="0.001"} 2"#)
    #expect(line("0.0025") == #"c_seconds_bucket{x="y",le="0.0025"} 3"#)
    #expect(line("0.05") == #"c_seconds_bucket{x="y",le="0.05"} 4"#)
    #expect(line("5") == #"c_seconds_bucket{x="y",le="5"} 4"#)
    #expect(line("+Inf") == #"c_seconds_bucket{x="y",le="+Inf"} 5"#)
    #expect(lines.contains(#"c_seconds_count{x="y"} 5"#))
    let sum = try #require(lines.first { $0.hasPrefix("c_seconds_sum") }?.split(separator: " ").last)
    #expect(abs(try #require(Double(sum)) - 9000.054) < 0.000_001)
  }

  @Test("counts every one of many at once, in the same series whoever asks for it")
  func concurrent() async {
    let registry = registry()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          let counter = Counter(label: "a_total", factory: registry)
          let meter = Meter(label: "b", factory: registry)
          let timer = Timer(label: "c_seconds", factory: registry)
          for _ in 0..<1000 {
            counter.increment()
            meter.increment()
            timer.recordSeconds(2)
          }
        }
      }
    }
    let lines = registry.text.split(separator: "\n")
    for line in ["a_total 8000", "b 8000", "c_seconds_count 8000", "c_seconds_sum 16000"] {
      #expect(lines.contains { $0 == line }, "\(line)")
    }
  }

  @Test("has as many series as it may have and no more, and the others count nowhere")
  func bound() {
    let registry = registry(seriesMax: 3)
    for value in 0..<1000 { Counter(label: "a_total", dimensions: [("x", "\(value)")], factory: registry).increment() }
    #expect(registry.text.split(separator: "\n").count { $0.hasPrefix("a_total{") } == 3)
    Counter(label: "a_total", dimensions: [("x", "1")], factory: registry).increment()
    #expect(registry.text.contains("a_total{x=\"1\"} 2\n"))
  }

  @Test("takes no metric that it was not told of, none of another kind, and no label that is Prometheus's own")
  func unknown() {
    let registry = registry()
    Counter(label: "other_total", factory: registry).increment()
    Counter(label: "b", factory: registry).increment()
    for name in ["le", "__name__", "1a", "", "a-b", "é"] {
      Counter(label: "a_total", dimensions: [(name, "1")], factory: registry).increment()
    }
    #expect(registry.text == "")
  }

  @Test("a counter does not go back")
  func monotonic() {
    let registry = registry()
    let counter = Counter(label: "a_total", factory: registry)
    counter.increment(by: 2)
    counter.increment(by: -1)
    #expect(registry.text.hasSuffix("a_total 2\n"))
  }
}
