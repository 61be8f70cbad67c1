// The names an object has had so far, to refuse a repeated one.
//
// Few names, the usual case, are compared one by one; from then on a set keeps a hostile object with thousands of
// members from costing the square of their number. Names are equal when their bytes are, after unescaping.

/// The names seen in one object.
struct MemberNames {
  private var few: [String] = []
  private var many: Set<[UInt8]> = []
  private static let fewest = 16

  /// Adds a name; false when it was there before.
  mutating func insert(_ name: String) -> Bool {
    if few.count < Self.fewest {
      guard !few.contains(where: { sameBytes($0, name) }) else { return false }
      if few.isEmpty { few.reserveCapacity(4) }
      few.append(name)
      return true
    }
    if many.isEmpty { many = Set(few.map { Array($0.utf8) }) }
    return many.insert(Array(name.utf8)).inserted
  }
}
