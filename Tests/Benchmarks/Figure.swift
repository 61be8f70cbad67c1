// One measured value, what it should be, and what the machine does without Signet.

/// A line of the table.
struct Figure {
  /// What a value is held against.
  enum Target {
    case atLeast(Double)
    case atMost(Double)
    case none
  }

  /// A limit of this machine, measured in the same run.
  struct Limit {
    let name: String
    let value: Double
  }

  let name: String
  let value: Double
  let unit: String
  var target = Target.none
  var limit: Limit?

  /// What something takes that rests on a signature, and how much of it is not the signature; microseconds.
  static func beyondSignature(_ name: String, bare: Double, whole: Double, atMost bound: Double) -> [Figure] {
    let limit = Limit(name: "the signature alone, us", value: bare)
    return [
      Figure(name: name, value: whole, unit: "us", limit: limit),
      Figure(name: name + ", beyond the signature", value: whole - bare, unit: "us", target: .atMost(bound)),
    ]
  }

  /// The value over the machine's limit.
  var ratio: Double? { limit.map { $0.value > 0 ? value / $0.value : 0 } }

  /// Nil when there is no target.
  var isMet: Bool? {
    switch target {
    case .atLeast(let bound): value >= bound
    case .atMost(let bound): value <= bound
    case .none: nil
    }
  }

  /// The target as it stands in the table.
  var targetText: String {
    switch target {
    case .atLeast(let bound): "≥ \(Self.text(bound))"
    case .atMost(let bound): "≤ \(Self.text(bound))"
    case .none: ""
    }
  }

  /// Three or more significant digits, thousands apart.
  static func text(_ number: Double) -> String {
    let isNegative = number < 0
    let magnitude = abs(number)
    if magnitude < 100, magnitude != magnitude.rounded() {
      let hundredths = Int((magnitude * 100).rounded())
      let fraction = String(100 + hundredths % 100).dropFirst()
      return "\(isNegative ? "-" : "")\(hundredths / 100).\(fraction)"
    }
    var digits = String(Int(magnitude.rounded()))
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits = String(digits.dropLast(3))
    }
    return (isNegative ? "-" : "") + ([digits] + groups).joined(separator: ",")
  }
}
