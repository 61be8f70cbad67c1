// Server-sent events out of bytes, as WHATWG HTML section 9.2.6 reads them: whatever the pieces in which they come.

/// One event.
struct ServerSentEvent: Equatable {
  /// `message` where the stream doesn't name it.
  let name: String
  let data: [UInt8]
}

/// The state between two pieces of a stream.
struct EventStreamParser {
  /// The largest line, and the largest event: far above what a feed of revocations holds.
  static let largest = 64 << 10

  /// A line or an event is larger than `largest`.
  struct TooLarge: Error {}

  /// The `id` of the last event that was complete; empty before the first.
  private(set) var lastEventID = ""
  private var line: [UInt8] = []
  private var name: [UInt8] = []
  private var data: [UInt8] = []
  private var nextID = ""
  private var isAfterReturn = false
  private var isFirstLine = true

  /// Takes a piece, and hands over each event that ends in it, with `lastEventID` as it is then.
  mutating func take(_ piece: [UInt8], _ body: (ServerSentEvent, _ id: String) -> Void) throws(TooLarge) {
    var start = piece.startIndex
    for index in piece.indices {
      let byte = piece[index]
      // CR, LF, or both together end a line; the two may come in different pieces.
      if byte == 0x0A, isAfterReturn {
        isAfterReturn = false
        start = index + 1
        continue
      }
      isAfterReturn = byte == 0x0D
      guard byte == 0x0A || byte == 0x0D else { continue }
      try append(piece[start..<index])
      start = index + 1
      if let event = try endLine() { body(event, lastEventID) }
    }
    try append(piece[start...])
  }

  private mutating func append(_ bytes: ArraySlice<UInt8>) throws(TooLarge) {
    guard line.count + bytes.count <= Self.largest else { throw TooLarge() }
    line += bytes
  }

  private mutating func endLine() throws(TooLarge) -> ServerSentEvent? {
    defer { line.removeAll(keepingCapacity: true) }
    if isFirstLine {
      isFirstLine = false
      // A byte order mark may stand before everything.
      if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    }
    if line.isEmpty { return dispatch() }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
      try take(field: line[...], [])
      return nil
    }
    var value = line[(colon + 1)...]
    if value.first == 0x20 { value = value.dropFirst() }
    // A colon in front makes a comment, whose empty name is no field's.
    try take(field: line[..<colon], value)
    return nil
  }

  private mutating func take(field: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) throws(TooLarge) {
    if field.elementsEqual("data".utf8) {
      guard data.count + value.count < Self.largest else { throw TooLarge() }
      data += value
      data.append(0x0A)
    } else if field.elementsEqual("event".utf8) {
      name = Array(value)
    } else if field.elementsEqual("id".utf8), !value.contains(0) {
      nextID = String(decoding: value, as: UTF8.self)
    }
  }

  /// The event that an empty line ends; without data it is none, but its id counts.
  private mutating func dispatch() -> ServerSentEvent? {
    defer {
      name.removeAll(keepingCapacity: true)
      data.removeAll(keepingCapacity: true)
    }
    lastEventID = nextID
    guard !data.isEmpty else { return nil }
    data.removeLast()
    return ServerSentEvent(name: name.isEmpty ? "message" : String(decoding: name, as: UTF8.self), data: data)
  }
}
