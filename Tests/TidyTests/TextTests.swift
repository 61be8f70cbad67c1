// Text that must not stand in the tree. The words are put together here from two halves, or this file would hold them.

import Testing

@Suite struct TextTests {
  @Test func nothingIsUnfinished() {
    for word in ["TO" + "DO", "FIX" + "ME", "X" + "XX"] {
      for file in SourceTree.sources + SourceTree.tests { expectNone(file.places(of: word, asWord: true), word) }
    }
  }

  /// `print` would go around the log; only the commands talk to a terminal.
  @Test func nothingTraps() {
    for file in SourceTree.swiftSources {
      for text in ["try" + "! ", "as" + "! ", "fatalError" + "(", "nonisolated" + "(unsafe)"] {
        expectNone(file.places(of: text), text)
      }
      if file.module != "signet" { expectNone(file.places(of: "print" + "(").filter { isCall($0, in: file) }, "print") }
    }
  }

  @Test func noPathOfOneMachine() {
    for folder in ["home", "work", "root"] {
      for file in SourceTree.sources + SourceTree.tests + [SourceTree.package] {
        for place in file.places(of: "/" + folder + "/") where isAbsolute(place, folder, in: file) {
          Issue.record("\(place): a path of one machine")
        }
      }
    }
  }

  @Test func uncheckedSendableHasAReason() {
    let mark = "@unchecked" + " Sendable"
    for file in SourceTree.swiftSources {
      for (index, line) in file.lines.enumerated() where line.contains(mark) && !line.contains("//") {
        let above = file.lines[max(0, index - 6)..<index]
        #expect(above.contains { $0.contains("//") && $0.contains(mark) }, "\(file.path):\(index + 1): no reason above")
      }
    }
  }

  @Test func whitespace() {
    for file in SourceTree.sources + SourceTree.tests + [SourceTree.package] {
      expectNone(file.places(of: " \n") + file.places(of: "\t") + file.places(of: "\r"), "trailing space, tab or CR")
      #expect(file.bytes.isEmpty || file.bytes.last == UInt8(ascii: "\n"), "\(file.path) doesn't end with a line feed")
    }
  }

  @Test func topLevel() {
    let allowed: Set = [
      "Package.swift", "Sources", "Tests", "config", "migrations", "Dockerfile", "README.md", "Makefile",
    ]
    // What git ignores: the resolved versions, which Package.swift pins already, and a server's data.
    let ignored = SourceTree.entries(of: "").filter {
      $0.first == "." || $0 == "Package.resolved" || $0.hasPrefix("data")
    }
    let others = Set(SourceTree.entries(of: "")).subtracting(allowed).subtracting(ignored)
    #expect(others.isEmpty, "not for the top level: \(others.sorted())")
  }

  private func expectNone(_ places: [String], _ text: String) {
    for place in places { Issue.record("\(place): \(text)") }
  }

  private func text(at place: String, in file: SourceFile) -> String {
    guard let number = place.split(separator: ":").last.flatMap({ Int($0) }) else { return "" }
    return file.lines[number - 1]
  }

  /// Whether the line calls it: not in a comment, not as the end of another name.
  private func isCall(_ place: String, in file: SourceFile) -> Bool {
    let code = text(at: place, in: file).split(separator: "//", maxSplits: 1, omittingEmptySubsequences: false)[0]
    return code.split(whereSeparator: { !($0.isLetter || $0 == "(" || $0 == "_" || $0 == ".") })
      .contains { $0.hasPrefix("print" + "(") || $0.hasPrefix("debugPrint" + "(") || $0.hasPrefix("Swift.print" + "(") }
  }

  private func isAbsolute(_ place: String, _ folder: String, in file: SourceFile) -> Bool {
    let line = text(at: place, in: file)
    guard let range = line.firstRange(of: "/" + folder + "/"), range.lowerBound > line.startIndex else { return true }
    let before = line[line.index(before: range.lowerBound)]
    return !(before.isLetter || before.isNumber || "._-)}".contains(before))
  }
}
