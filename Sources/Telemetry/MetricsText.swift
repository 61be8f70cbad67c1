// Prometheus's text exposition format, version 0.0.4: values to bytes, no state but the output.

/// Text under construction.
struct MetricsText {
  private(set) var bytes: [UInt8] = []

  mutating func write(_ name: String, _ family: Family) {
    line("# HELP \(name) \(MetricsText.escape(family.help, quotes: false))")
    line("# TYPE \(name) \(MetricsText.word(family.kind))")
    for (labels, cells) in family.series.sorted(by: { $0.key < $1.key }) {
      switch family.kind {
      case .counter: sample(name, labels, MetricsText.number(Double(total(cells))))
      case .gauge: sample(name, labels, MetricsText.number(read(cells)))
      case .histogram(let bounds): histogram(name, labels, bounds, cells)
      }
    }
  }

  private mutating func histogram(_ name: String, _ labels: String, _ bounds: [Double], _ cells: [Cell]) {
    var counts = [Int](repeating: 0, count: bounds.count + 1)
    var sum = 0.0
    for case .histogram(let cell) in cells {
      for (index, count) in cell.counts.enumerated() { counts[index] += count }
      sum += cell.sum
    }
    var below = 0
    for (index, count) in counts.enumerated() {
      below += count
      let end = index < bounds.count ? MetricsText.number(bounds[index]) : "+Inf"
      sample(name + "_bucket", (labels.isEmpty ? "" : labels + ",") + "le=\"\(end)\"", "\(below)")
    }
    sample(name + "_sum", labels, MetricsText.number(sum))
    // The same number as the last bucket's, though cells go on counting meanwhile: readers check that they agree.
    sample(name + "_count", labels, "\(below)")
  }

  private func total(_ cells: [Cell]) -> Int {
    cells.reduce(0) { sum, cell in if case .counter(let counter) = cell { sum &+ counter.value } else { sum } }
  }

  private func read(_ cells: [Cell]) -> Double {
    cells.reduce(0) { sum, cell in if case .gauge(let read) = cell { sum + read() } else { sum } }
  }

  private mutating func sample(_ name: String, _ labels: String, _ value: String) {
    line(labels.isEmpty ? "\(name) \(value)" : "\(name){\(labels)} \(value)")
  }

  private mutating func line(_ text: String) {
    bytes.append(contentsOf: text.utf8)
    bytes.append(UInt8(ascii: "\n"))
  }

  private static func word(_ kind: Family.Kind) -> String {
    switch kind {
    case .counter: "counter"
    case .gauge: "gauge"
    case .histogram: "histogram"
    }
  }

  /// A number as Prometheus reads it: whole ones without a fraction.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    if value == value.rounded(), abs(value) < 1e15 { return "\(Int(value))" }
    return "\(value)"
  }

  /// Escapes backslash and line feed, and in label values the quotation mark.
  static func escape(_ text: String, quotes: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Whether `name` may name a metric or a label: letters, digits and `_`, no digit first.
  static func isName(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return name.utf8.allSatisfy { byte in
      (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
    }
  }
}
