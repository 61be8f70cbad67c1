// The figures that are checked in, and how a count is held against them.

import Foundation

/// What one request costs in Signet's own code.
package struct Cost: Codable, Equatable, Sendable {
  package var mallocs: Int
  package var instructions: Int

  package init(mallocs: Int, instructions: Int) { (self.mallocs, self.instructions) = (mallocs, instructions) }
}

/// The costs of a kind of request by its name.
package typealias Costs = [String: Cost]

/// The file of figures, by Swift's version and the processor: another compiler or runtime is another count.
package struct CostBook: Codable, Equatable, Sendable {
  package private(set) var figures: [String: Costs] = [:]

  package init() {}

  package init(from decoder: any Decoder) throws { figures = try .init(from: decoder) }

  package func encode(to encoder: any Encoder) throws { try figures.encode(to: encoder) }

  package init(path: String) throws {
    self = try JSONDecoder().decode(CostBook.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  package func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try (encoder.encode(self) + Data("\n".utf8)).write(to: URL(fileURLWithPath: path))
  }

  package subscript(toolchain: String) -> Costs? {
    get { figures[toolchain] }
    set { figures[toolchain] = newValue }
  }

  /// "6.3 x86_64" from what `swift --version` says.
  package static func toolchain(_ version: String) -> String? {
    guard let rest = version.firstRange(of: "Swift version ").map({ version[$0.upperBound...] }) else { return nil }
    let numbers = rest.prefix { $0.isNumber || $0 == "." }.split(separator: ".").prefix(2)
    #if arch(x86_64)
    let processor = "x86_64"
    #elseif arch(arm64)
    let processor = "aarch64"
    #else
    let processor = "other"
    #endif
    return numbers.count == 2 ? numbers.joined(separator: ".") + " " + processor : nil
  }
}

/// What differs from the figures, in words.
package enum Comparison {
  /// Of the allocations. What a login begins and a logout ends stands in tables that grow now and then, so that their means
  /// lie between two whole numbers.
  private static func spread(_ name: String) -> Int { ["login", "logout"].contains(name) ? 1 : 0 }
  /// Of the instructions. On a machine that also built, three counts lay 0.2 to 0.8 % apart;
  /// those of requests with the fewest in a round, and more of the clock's work within, 0.9 to 1 %.
  package static func tolerance(_ name: String) -> Double { ["me", "login", "logout"].contains(name) ? 0.03 : 0.01 }
  /// Instructions that are forgiven at least: what the clock adds doesn't shrink with the request. It was up to 106.
  private static let slack = 150.0

  /// By the name of the request. Lower figures count too: they are to be held from then on.
  package static func differences(_ counted: Costs, _ known: Costs) -> [String: String] {
    var differences: [String: String] = [:]
    for name in Set(counted.keys).union(known.keys) {
      guard let now = counted[name] else { differences[name] = "\(name): has a figure but is not counted"; continue }
      guard let then = known[name] else { differences[name] = "\(name): is counted but has no figure"; continue }
      let isNear =
        Double(abs(now.instructions - then.instructions)) <= max(slack, tolerance(name) * Double(then.instructions))
      let parts = [
        abs(now.mallocs - then.mallocs) <= spread(name) ? nil : text(name, "allocations", now.mallocs, then.mallocs),
        isNear ? nil : text(name, "instructions", now.instructions, then.instructions),
      ].compactMap { $0 }
      if !parts.isEmpty { differences[name] = parts.joined(separator: "; ") }
    }
    return differences
  }

  private static func text(_ name: String, _ what: String, _ now: Int, _ then: Int) -> String {
    let share = then == 0 ? "" : " (\(abs(now - then) * 1000 / then / 10).\(abs(now - then) * 1000 / then % 10) %)"
    return
      "\(name): \(now) \(what) a request, \(abs(now - then))\(share) \(now > then ? "more" : "fewer") than the \(then) "
      + "checked in"
  }
}
