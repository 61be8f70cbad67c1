// Every file says what it is, and every declaration that other modules see has its sentence.

import Testing

@Suite struct CommentTests {
  @Test func filesOpenWithAComment() {
    for file in SourceTree.swiftSources + SourceTree.tests.filter(\.isSwift) {
      #expect(file.lines.first?.hasPrefix("//") == true, "\(file.path) doesn't say what it is")
    }
  }

  /// Types always; functions once a name and module, since overloads and a protocol's witnesses say the same thing
  /// again. Properties and initialisers of a documented type may speak by their names.
  @Test func visibleDeclarationsAreDocumented() {
    for (_, files) in Dictionary(grouping: SourceTree.swiftSources, by: \.module) {
      let documented = Set(
        files.flatMap { file in
          file.lines.indices.filter { isDocumented($0, in: file.lines) }.compactMap { Self.function(file.lines[$0]) }
        })
      for file in files {
        for (index, line) in file.lines.enumerated() where Self.needsWords(line) && !isDocumented(index, in: file.lines)
        {
          if let name = Self.function(line), documented.contains(name) { continue }
          Issue.record("\(file.path):\(index + 1): undocumented: \(line.drop { $0 == " " })")
        }
      }
    }
  }

  private static func needsWords(_ line: String) -> Bool {
    guard let (modifiers, keyword) = Declarations.head(of: line) else { return false }
    return !modifiers.isDisjoint(with: ["package", "public"]) && !["let", "var", "init", "subscript"].contains(keyword)
  }

  /// The name of the function which the line declares.
  private static func function(_ line: String) -> String? {
    let words = line.split(separator: " ")
    guard let place = words.firstIndex(of: "func"), place + 1 < words.count else { return nil }
    return String(words[place + 1].prefix { $0 != "(" && $0 != "<" })
  }

  /// Whether a `///` stands above, with nothing but attributes and conditions in between.
  private func isDocumented(_ index: Int, in lines: [String]) -> Bool {
    let above = lines[..<index].reversed().map { $0.drop { $0 == " " } }
    return above.first { $0.first != "@" && $0.first != "#" }?.hasPrefix("///") == true
  }
}
