// Why the configuration can't be used: one line with the place, what is wrong, and the mend.

/// An error in the configuration; its description is one line and holds no secret.
package struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// `file:line`, the environment's or flag's name; nil when no one place is to blame.
  package let place: String?
  /// What is wrong, why, and what to do.
  package let message: String

  init(_ place: String?, _ message: String) { (self.place, self.message) = (place, message) }

  package var description: String { place.map { "\($0): \(message)" } ?? message }
}

/// Where a value came from.
package enum Origin: Sendable, Equatable, CustomStringConvertible {
  case standard
  case file(String, line: Int)
  case environment(String)
  case flag(String)

  /// `default`, `file:line`, `environment NAME` or `flag KEY`.
  package var description: String {
    switch self {
    case .standard: "default"
    case .file(let name, let line): "\(name):\(line)"
    case .environment(let name): "environment \(name)"
    case .flag(let key): "flag \(key)"
    }
  }

  /// Where to look for the mistake; nil for a default.
  var place: String? { self == .standard ? nil : description }
}

/// The known name that a mistyped one was meant to be.
enum Nearest {
  /// The name within a third of `text`'s length in edits, or with the same end after the dot; nil when none is near.
  static func name(to text: String, among names: [String]) -> String? {
    let text = text.lowercased()
    if let same = names.first(where: { $0.lowercased().hasSuffix("." + text) }) { return same }
    var best: (name: String, edits: Int)?
    for name in names {
      let edits = distance(Array(text.utf8.prefix(100)), Array(name.lowercased().utf8))
      if edits < best?.edits ?? Int.max { best = (name, edits) }
    }
    guard let best, best.edits <= max(2, best.name.utf8.count / 3) else { return nil }
    return best.name
  }

  /// Levenshtein's distance, two neighbours changing places counted as one edit.
  static func distance(_ one: [UInt8], _ two: [UInt8]) -> Int {
    var before: [Int] = []
    var last = Array(0...two.count)
    for row in one.indices {
      var next = [row + 1]
      for column in two.indices {
        let same = one[row] == two[column] ? 0 : 1
        var edits = min(last[column] + same, last[column + 1] + 1, next[column] + 1)
        if row > 0, column > 0, one[row] == two[column - 1], one[row - 1] == two[column] {
          edits = min(edits, before[column - 1] + 1)
        }
        next.append(edits)
      }
      (before, last) = (last, next)
    }
    return last[two.count]
  }
}
