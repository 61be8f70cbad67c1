// What strangers may write: scopes by their bytes, labels within bounds.

import Identity
import Testing

@Suite struct TextTests {
  @Test func scopesAreTheClientsOwn() {
    let registered = ["read", "write", "K8"]
    #expect(Scope.within(registered, asked: "") == "")
    #expect(Scope.within(registered, asked: "write read write") == "read write")
    #expect(Scope.within(registered, asked: "read admin") == nil)
    // Equal to "K8" by Swift's comparison.
    #expect(Scope.within(registered, asked: "\u{212A}8") == nil)
  }

  /// As many bytes as are looked at, and one more.
  @Test func scopesAreBounded() {
    func asked(_ size: Int) -> String { "read" + String(repeating: " ", count: size - 9) + "write" }
    #expect(Scope.within(["write", "read"], asked: asked(8192)) == "write read")
    #expect(Scope.within(["write", "read"], asked: asked(8193)) == nil)
    let long = String(repeating: "x", count: 8192)
    #expect(Scope.within([long], asked: long) == long)
    #expect(Scope.within([long + "x"], asked: long + "x") == nil)
  }

  /// By the thousand they cost a search of the registered ones each, until the first that isn't.
  @Test func manyValuesAreCheap() {
    let many = (0..<100_000).map(String.init).joined(separator: " ")
    let time = ContinuousClock().measure { #expect(Scope.within(["0"], asked: many) == nil) }
    #expect(time < .seconds(2))
  }

  @Test func labelsAreBoundedAndHarmless() {
    #expect(Label.text("Ada's phone", limit: 256) == "Ada's phone")
    #expect(Label.text("a\u{1b}[2J\n\u{9b}b\u{202e}\0\u{a0}c", limit: 256) == "a[2Jb c")
    // One character of any length.
    let tall = "e" + String(repeating: "\u{301}", count: 20_000)
    #expect(tall.count == 1)
    #expect(Label.text(tall, limit: 256).utf8.count == 255)
  }
}
