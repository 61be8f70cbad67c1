// Server-sent events, with the examples of the standard, in whatever pieces they come.

import Testing

@testable import SignetVerifier

@Suite struct EventStreamTests {
  private func events(_ text: String, piece: Int = .max) throws -> [String] {
    var parser = EventStreamParser()
    var events: [String] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      try parser.take(Array(rest.prefix(piece))) { event, id in
        events.append("\(event.name)|\(String(decoding: event.data, as: UTF8.self))|\(id)")
      }
      rest = rest.dropFirst(piece)
    }
    return events
  }

  /// WHATWG HTML section 9.2.6 and its neighbours.
  @Test(arguments: [
    ("data: YHOO\ndata: +2\ndata: 10\n\n", ["message|YHOO\n+2\n10|"]),
    (
      ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
      ["message|first event|1", "message|second event|"]
    ),
    ("data\n\ndata\ndata\n\ndata:", ["message||", "message|\n|"]),
    ("data:test\n\ndata: test\n\n", ["message|test|", "message|test|"]),
    ("event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n", ["add|73857293|", "remove|2153|"]),
    ("\u{FEFF}data: x\n\n", ["message|x|"]),
    // Without data there is no event, but its id counts, and its name doesn't.
    ("id: 7\nevent: lost\n\ndata: x\n\n", ["message|x|7"]),
    ("id: a\0b\ndata: x\n\n", ["message|x|"]), ("retry: 1000\nother: y\n data: z\ndata: x\n\n", ["message|x|"]),
    // What isn't ended by an empty line is no event.
    ("data: x\n", []), ("", []),
  ])
  func examples(_ text: String, _ expected: [String]) throws {
    for ending in ["\n", "\r", "\r\n"] {
      let text = text.replacing("\n", with: ending)
      for piece in [1, 2, 3, 7, .max] {
        #expect(try events(text, piece: piece) == expected, "\(ending.utf8.count) \(piece)")
      }
    }
  }

  @Test func whatIsTooLargeIsRefused() throws {
    let most = EventStreamParser.largest
    let line = String(repeating: "x", count: most - 10)
    #expect(try events("data: \(line)\n\n").count == 1)
    #expect(throws: EventStreamParser.TooLarge.self) { try events("data: \(line)xxxxxxxxxxxxxxxxxxxx") }
    #expect(throws: EventStreamParser.TooLarge.self) {
      try events(String(repeating: "data: \(String(repeating: "x", count: 1000))\n", count: 100))
    }
  }
}
