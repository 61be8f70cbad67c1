// Finds declarations and the ends of functions in sources that `swift format` has laid out, which is what makes this
// possible without a parser: a body ends at the first closing brace as far left as its declaration.

enum Declarations {
  static let modifiers: Set<String> = [
    "package", "public", "internal", "private", "fileprivate", "final", "static", "class", "mutating", "nonmutating",
    "override", "nonisolated", "isolated", "consuming", "borrowing", "convenience", "required", "lazy", "weak",
    "unowned",
    "indirect", "unsafe", "distributed", "private(set)", "fileprivate(set)", "package(set)", "nonisolated(nonsending)",
  ]
  private static let keywords: Set<String> = [
    "func", "var", "let", "init", "struct", "class", "enum", "actor", "protocol", "typealias", "subscript", "macro",
  ]

  /// A line's modifiers and keyword, when it declares something: ("package static", "func").
  static func head(of line: String) -> (modifiers: Set<String>, keyword: String)? {
    var found: Set<String> = []
    // A declaration's attributes have no spaces in their arguments here; those that do stand on a line of their own.
    for word in line.split(separator: " ").drop(while: { $0.first == "@" }) {
      let keyword = String(word.prefix { $0.isLetter })
      if keywords.contains(keyword), !(keyword == "class" && line.contains("class func")) { return (found, keyword) }
      guard modifiers.contains(String(word)) else { return nil }
      found.insert(String(word))
    }
    return nil
  }

  /// The lines, from 1, of every function, initializer and subscript that has a body.
  static func functions(in lines: [String]) -> [ClosedRange<Int>] {
    lines.indices.compactMap { start in
      guard let (_, keyword) = head(of: lines[start]), ["func", "init", "subscript"].contains(keyword),
        let opening = bodyLine(of: start, in: lines)
      else { return nil }
      let indent = indentation(lines[start])
      let rest = lines[(opening + 1)...]
      guard let end = rest.firstIndex(where: { indentation($0) == indent && $0.dropFirst(indent).first == "}" })
      else { return nil }
      return start + 1...end + 1
    }
  }

  /// The line on which the body opens; nil without one (a protocol's requirement) and when all stands on that line.
  private static func bodyLine(of start: Int, in lines: [String]) -> Int? {
    let indent = indentation(lines[start])
    for index in start..<lines.count {
      let line = lines[index]
      if index > start, indentation(line) <= indent, ![")", "{", ">"].contains(line.dropFirst(indent).first) {
        return nil
      }
      if line.hasSuffix("{") || line.hasSuffix(" in") { return index }
      if line.hasSuffix("}") { return nil }
    }
    return nil
  }

  static func indentation(_ line: String) -> Int { line.utf8.prefix { $0 == UInt8(ascii: " ") }.count }
}
