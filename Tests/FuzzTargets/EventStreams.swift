// What the feed of revocations is read by: server-sent events against a reader that has the whole stream before it, and
// what is denied by them.

#if DEBUG || FUZZING
@testable import API
@testable import SignetVerifier

extension FuzzTarget {
  /// A stream of server-sent events.
  static let eventStream = FuzzTarget(name: "event-stream", longest: 1024) { bytes in
    let stream = Array(bytes)
    let expected = plain(stream)
    for piece in [1, 7, stream.count + 1] {
      let read = try events(stream, piece: piece)
      try check(read == expected, "in pieces of \(piece): \(read) instead of \(expected)")
    }
    // What a server would be sent back as a place, and is one, is the same when it is written.
    for place in expected.compactMap({ FeedPosition($0.id) }) {
      try check(FeedPosition("\(place)").map { "\($0)" } == "\(place)", "another place than \(place)")
    }
    var denied = DeniedTokens(most: 4)
    for event in expected {
      do throws(FetchProblem) {
        try denied.take(ServerSentEvent(name: event.name, data: event.data), now: 0)
      } catch {
        try check(error.cause == .badAnswer || error.cause == .tooLarge, "\(error)")
      }
      try check(denied.count <= 4, "more than there is room for")
    }
  }

  private struct Event: Equatable {
    let name: String
    let data: [UInt8]
    let id: String
  }

  private static func events(_ stream: [UInt8], piece: Int) throws -> [Event] {
    var parser = EventStreamParser()
    var events: [Event] = []
    var rest = stream[...]
    while !rest.isEmpty {
      try parser.take(Array(rest.prefix(piece))) { events.append(Event(name: $0.name, data: $0.data, id: $1)) }
      rest = rest.dropFirst(piece)
    }
    return events
  }

  /// WHATWG HTML section 9.2.6, line by line.
  private static func plain(_ stream: [UInt8]) -> [Event] {
    var text: [UInt8] = []
    for (index, byte) in stream.enumerated() where !(byte == 10 && index > 0 && stream[index - 1] == 13) {
      text.append(byte == 13 ? 10 : byte)
    }
    if text.starts(with: [0xEF, 0xBB, 0xBF]) { text.removeFirst(3) }
    var (events, name, data, id) = ([Event](), [UInt8](), [[UInt8]](), [UInt8]())
    for line in text.divided(by: 10).dropLast() {
      if line.isEmpty {
        let joined = Array(data.joined(separator: [10]))
        let title = name.isEmpty ? "message" : String(decoding: name, as: UTF8.self)
        if !data.isEmpty { events.append(Event(name: title, data: joined, id: String(decoding: id, as: UTF8.self))) }
        (name, data) = ([], [])
        continue
      }
      let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
      var value = parts.count > 1 ? Array(parts[1]) : []
      if value.first == 32 { value.removeFirst() }
      switch String(decoding: parts[0], as: UTF8.self) {
      case "data": data.append(value)
      case "event": name = value
      case "id" where !value.contains(0): id = value
      default: break
      }
    }
    return events
  }
}
#endif
