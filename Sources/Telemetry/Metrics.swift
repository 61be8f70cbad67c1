// The registry: which families there are, and which cells add up to each series.
//
// Asking twice for the same name and labels gives two cells of one series: every event loop has its own, and only
// writing looks at them all. The monitor protects the list of families, not the counts, so it is taken at registration
// and at writing and never on the request path. Families, series and cells are bounded: what comes from a label nobody
// foresaw is folded into a series whose label values are all "other".

import Threads

/// Every metric of the process, written in Prometheus's text format.
package final class Metrics: Sendable {
  /// Series a family may have; more are folded into one.
  package static let seriesLimit = 256
  /// Cells a series may have; later callers share the last one.
  package static let cellLimit = 1024

  private let families = Monitor<[String: Family]>([:])

  package init() {}

  /// A new cell of the counter with this name and these labels. Register at start and keep it: a cell lives for ever.
  package func counter(_ name: String, _ help: String, labels: [(name: String, value: String)] = []) -> Counter {
    add(name, help, .counter, labels, Counter()) { cell in
      if case .counter(let counter) = cell { counter } else { nil }
    } wrap: {
      .counter($0)
    }
  }

  /// A value read when the metrics are written, on the thread that writes; those with the same labels are summed.
  package func gauge(
    _ name: String, _ help: String, labels: [(name: String, value: String)] = [],
    read: @escaping @Sendable () -> Double
  ) {
    _ = add(name, help, .gauge, labels, read) { _ in
      nil
    } wrap: {
      .gauge($0)
    }
  }

  /// A new cell of a histogram in seconds; `buckets` are the upper ends, rising, the same for the whole family.
  package func histogram(
    _ name: String, _ help: String, buckets: [Double] = Histogram.seconds,
    labels: [(name: String, value: String)] = []
  ) -> Histogram {
    add(name, help, .histogram(buckets), labels, Histogram(buckets: buckets)) { cell in
      if case .histogram(let histogram) = cell { histogram } else { nil }
    } wrap: {
      .histogram($0)
    }
  }

  /// Everything in Prometheus's text format 0.0.4, families and series sorted.
  package func write() -> [UInt8] {
    // A copy of the list: a gauge's closure may itself take locks, so it isn't run under this one.
    let families = families.withLock { $0 }
    var text = MetricsText()
    for (name, family) in families.sorted(by: { $0.key < $1.key }) { text.write(name, family) }
    return text.bytes
  }

  private func add<Handle: Sendable>(
    _ name: String, _ help: String, _ kind: Family.Kind, _ labels: [(name: String, value: String)],
    _ handle: Handle, shared: (Cell) -> Handle?, wrap: (Handle) -> Cell
  ) -> Handle {
    precondition(MetricsText.isName(name) && labels.allSatisfy { MetricsText.isName($0.name) }, "bad metric: \(name)")
    return families.withLock { families in
      var family = families[name] ?? Family(kind: kind, help: help)
      precondition(family.kind == kind, "\(name) is registered as another kind of metric")
      var key = Family.key(labels)
      if family.series[key] == nil, family.series.count >= Metrics.seriesLimit - 1 {
        key = Family.key(labels.map { ($0.name, "other") })
      }
      let cells = family.series[key, default: []]
      if cells.count >= Metrics.cellLimit { return cells.last.flatMap(shared) ?? handle }
      family.series[key, default: []].append(wrap(handle))
      families[name] = family
      return handle
    }
  }
}

/// All series of one name.
struct Family: Sendable {
  enum Kind: Sendable, Equatable {
    case counter, gauge
    case histogram([Double])
  }

  let kind: Kind
  let help: String
  /// Cells by their labels as written, `a="1",b="2"`, sorted by name.
  var series: [String: [Cell]] = [:]

  init(kind: Kind, help: String) {
    self.kind = kind
    self.help = help
  }

  static func key(_ labels: [(name: String, value: String)]) -> String {
    labels.sorted { $0.name < $1.name }
      .map { "\($0.name)=\"\(MetricsText.escape($0.value, quotes: true))\"" }
      .joined(separator: ",")
  }
}

/// What one caller counts or reads.
enum Cell: Sendable {
  case counter(Counter)
  case gauge(@Sendable () -> Double)
  case histogram(Histogram)
}
