// What the registry writes is compared byte for byte: Prometheus's parser forgives nothing.

import Telemetry
import Testing

private func text(_ metrics: Metrics) -> String { String(decoding: metrics.write(), as: UTF8.self) }

@Suite struct MetricsTests {
  @Test func sumsTheCellsOfOneSeries() {
    let metrics = Metrics()
    let one = metrics.counter("b_total", "Things.", labels: [("kind", "x")])
    let two = metrics.counter("b_total", "Things.", labels: [("kind", "x")])
    one.add()
    two.add(4)
    #expect(one.value == 1)
    #expect(text(metrics) == "# HELP b_total Things.\n# TYPE b_total counter\nb_total{kind=\"x\"} 5\n")
  }

  @Test func sortsFamiliesAndSeriesAndHeadsEachOnce() {
    let metrics = Metrics()
    metrics.counter("z_total", "Last.").add(2)
    _ = metrics.counter("a_total", "First.", labels: [("z", "2"), ("a", "1")])
    _ = metrics.counter("a_total", "First.", labels: [("a", "0"), ("z", "2")])
    metrics.gauge("m", "Middle.") { 1.5 }
    #expect(
      text(metrics) == """
        # HELP a_total First.
        # TYPE a_total counter
        a_total{a="0",z="2"} 0
        a_total{a="1",z="2"} 0
        # HELP m Middle.
        # TYPE m gauge
        m 1.5
        # HELP z_total Last.
        # TYPE z_total counter
        z_total 2

        """)
  }

  @Test func escapesHelpAndLabelValues() {
    let metrics = Metrics()
    _ = metrics.counter("a_total", "One\\two\n\"three\"", labels: [("p", "a\"b\\c\nd")])
    #expect(
      text(metrics) == "# HELP a_total One\\\\two\\n\"three\"\n# TYPE a_total counter\n"
        + "a_total{p=\"a\\\"b\\\\c\\nd\"} 0\n")
  }

  @Test func writesNumbersAsPrometheusReadsThem() {
    let metrics = Metrics()
    for (name, value) in [("a", Double.nan), ("b", .infinity), ("c", -.infinity), ("d", 1e20), ("e", 0.1)] {
      metrics.gauge(name, "") { value }
    }
    let values = text(metrics).split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(values == ["a NaN", "b +Inf", "c -Inf", "d 1e+20", "e 0.1"])
  }

  @Test func sumsGaugesOfTheSameName() {
    let metrics = Metrics()
    for value in [2.0, 3.0] { metrics.gauge("connections", "Open.") { value } }
    #expect(text(metrics).hasSuffix("connections 5\n"))
  }

  @Test func addsHistogramCellsUpCumulatively() {
    let metrics = Metrics()
    let one = metrics.histogram("t_seconds", "Time.", buckets: [0.1, 1], labels: [("r", "x")])
    let two = metrics.histogram("t_seconds", "Time.", buckets: [0.1, 1], labels: [("r", "x")])
    for seconds in [0.1, 0.5, -1, .nan] { one.observe(seconds: seconds) }
    two.observe(seconds: 2)
    #expect(
      text(metrics) == """
        # HELP t_seconds Time.
        # TYPE t_seconds histogram
        t_seconds_bucket{r="x",le="0.1"} 3
        t_seconds_bucket{r="x",le="1"} 4
        t_seconds_bucket{r="x",le="+Inf"} 5
        t_seconds_sum{r="x"} 2.6
        t_seconds_count{r="x"} 5

        """)
  }

  @Test func foldsSeriesBeyondTheBoundIntoOne() {
    let metrics = Metrics()
    for number in 0..<1000 { metrics.counter("a_total", "", labels: [("n", "\(number)")]).add() }
    let series = text(metrics).split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(series.count == Metrics.seriesLimit)
    #expect(series.contains("a_total{n=\"other\"} \(1000 - Metrics.seriesLimit + 1)"))
  }

  @Test func sharesACellBeyondTheBoundAndLosesNoCount() {
    let metrics = Metrics()
    for _ in 0..<Metrics.cellLimit + 10 { metrics.counter("a_total", "").add() }
    #expect(text(metrics).hasSuffix("a_total \(Metrics.cellLimit + 10)\n"))
  }
}
