// The figures as a Markdown table and as JSON.

import Foundation

/// What was measured, on which machine.
struct Report {
  let machine: String
  var figures: [Figure] = []

  var table: String {
    let head = ["figure", "measured", "target", "this machine's limit", "ratio"]
    let rows = figures.map { figure in
      [
        figure.name, "\(Figure.text(figure.value)) \(figure.unit)", target(figure),
        figure.limit.map { "\($0.name): \(Figure.text($0.value))" } ?? "",
        figure.ratio.map(Figure.text) ?? "",
      ]
    }
    let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      let padded = zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      return "| " + padded.joined(separator: " | ") + " |"
    }
    let rule = line(widths.map { String(repeating: "-", count: $0) })
    return (["Measured on \(machine).", "", line(head), rule] + rows.map(line)).joined(separator: "\n")
  }

  private func target(_ figure: Figure) -> String {
    guard let isMet = figure.isMet else { return "" }
    return figure.targetText + (isMet ? "" : ", missed")
  }

  var json: Data {
    get throws {
      let list = figures.map { figure -> [String: Any] in
        var object: [String: Any] = ["name": figure.name, "value": figure.value, "unit": figure.unit]
        if let isMet = figure.isMet { (object["target"], object["met"]) = (figure.targetText, isMet) }
        if let limit = figure.limit { object["limit"] = ["name": limit.name, "value": limit.value] }
        if let ratio = figure.ratio { object["ratio"] = ratio }
        return object
      }
      return try JSONSerialization.data(
        withJSONObject: ["machine": machine, "figures": list], options: [.prettyPrinted, .sortedKeys])
    }
  }
}
