// The checks checked: a tidy test that finds nothing anywhere looks like a tidy tree.

import Testing

@Suite struct SelfTests {
  @Test func treeIsRead() {
    #expect(SourceTree.swiftSources.contains { $0.path == "Sources/Threads/Monitor.swift" && $0.module == "Threads" })
    #expect(SourceTree.tests.contains { $0.path.hasSuffix("TidyTests/SelfTests.swift") })
    #expect(SourceTree.package.lines.count > 10)
  }

  @Test func wordsAreFound() {
    let file = SourceFile(path: "a", bytes: Array("one\nonetwo one_\n(one)".utf8))
    #expect(file.places(of: "one") == ["a:1", "a:2", "a:2", "a:3"])
    #expect(file.places(of: "one", asWord: true) == ["a:1", "a:3"])
    #expect(file.places(of: "three").isEmpty)
  }

  @Test func functionsAreMeasured() {
    let source = """
      struct S {
        func short() { 1 }
        package init(
          a: Int
        ) throws(E) {
          if a { b() }
        }
        func requirement() -> Int
        private static func long(a: Int)
          -> Int
        {
          a
        }
        let closure = { 1 }
      }
      """
    let lines = source.split(separator: "\n").map(String.init)
    #expect(Declarations.functions(in: lines) == [3...7, 9...13])
  }

  @Test func headsAreRead() {
    #expect(Declarations.head(of: "  package private(set) var a = 1")?.modifiers == ["package", "private(set)"])
    #expect(Declarations.head(of: "@inline(always) package func f<T>()")?.keyword == "func")
    #expect(Declarations.head(of: "package init?(a: Int) {")?.keyword == "init")
    #expect(Declarations.head(of: "package final class C {")?.keyword == "class")
    #expect(Declarations.head(of: "package import Threads") == nil)
    #expect(Declarations.head(of: "// a package func") == nil)
  }

  @Test func packageIsRead() {
    let package = """
      module("A", ["B", log], safe),
      .target(
        name: "C", path: "c",
        resources: [.x("y")]),
      .executableTarget(
        name: "d",
        dependencies: [
          "A", argumentParser,
        ],
        swiftSettings: settings),
      tests("ATests", ["A"]),
      """
    let table = PackageTable.dependencies(in: package.split(separator: "\n").map(String.init))
    #expect(table == ["A": ["B", "Logging"], "C": [], "d": ["A", "ArgumentParser"]])
  }
}
