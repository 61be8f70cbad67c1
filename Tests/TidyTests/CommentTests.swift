// Every file says what it is, and every declaration that other modules see has its sentence.

import Testing

@Suite struct CommentTests {
  @Test func filesOpenWithAComment() {
    for file in SourceTree.swiftSources + SourceTree.tests.filter(\.isSwift) {
      #expect(file.lines.first?.hasPrefix("//") == true, "\(file.path) doesn't say what it is")
    }
  }

  @Test func visibleDeclarationsAreDocumented() {
    for file in SourceTree.swiftSources {
      for (index, line) in file.lines.enumerated() {
        guard let (modifiers, _) = Declarations.head(of: line), !modifiers.isDisjoint(with: ["package", "public"]),
          !isDocumented(index, in: file.lines)
        else { continue }
        Issue.record("\(file.path):\(index + 1): undocumented: \(line.drop { $0 == " " })")
      }
    }
  }

  /// Whether a `///` stands above, with nothing but attributes and conditions in between.
  private func isDocumented(_ index: Int, in lines: [String]) -> Bool {
    let above = lines[..<index].reversed().map { $0.drop { $0 == " " } }
    return above.first { $0.first != "@" && $0.first != "#" }?.hasPrefix("///") == true
  }
}
