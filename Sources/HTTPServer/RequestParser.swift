// HTTP/1.1 requests (RFC 9110, RFC 9112), incrementally: eats bytes, yields ranges into them.
//
// Without I/O or clock. A class, since a connection's use of a value inside its exchange would be checked for exclusive access
// at every step, which cost 900 instructions a request. It reads line by line and never looks at a line twice, so the verdict does not depend
// on how the bytes were cut. Stricter than it must be wherever two readers of the same bytes could disagree about
// where a request ends. A chunked body is joined in place, in front of what is still unread.

import Glibc

final class RequestParser {
  struct Field {
    var name: Span
    var value: Span
    var known: KnownField?
  }

  enum Stage { case requestLine, fields, fixedBody, chunkSize, chunkData, chunkEnd, trailers, complete }

  /// Of no meaning before the request line has been read.
  var method = Method.get
  /// The minor version: HTTP/1.0 or HTTP/1.1.
  var minor: UInt8 = 1
  var path = Span()
  var query: Span?
  /// The authority of a target in absolute form, which counts instead of Host (RFC 9112 3.2.2).
  var authority: Span?
  var isAsterisk = false
  let list = FieldList()
  var fields: UnsafeBufferPointer<Field> { list.all }
  /// A bit for each known field that is present, and one for each that was repeated.
  var present: UInt32 = 0
  var repeated: UInt32 = 0

  var contentLength: Int?
  var isChunked = false
  var hasBadTransferCoding = false
  var hasOtherTransferCoding = false
  var hasBadExpectation = false
  var expectsContinue = false
  var saysClose = false
  var saysKeepAlive = false

  private(set) var stage = Stage.requestLine
  /// Where the next line or chunk begins; once complete, where the next request begins.
  private(set) var position = 0
  private(set) var body = Span()
  private var scanned = 0
  private var hadEmptyLine = false
  private var chunkLeft = 0
  private var trailerBytes = 0

  /// Makes ready for the next request; keeps the list's memory.
  func reset() {
    method = .get
    minor = 1
    path = Span()
    query = nil
    authority = nil
    isAsterisk = false
    list.clear()
    present = 0
    repeated = 0
    contentLength = nil
    isChunked = false
    hasBadTransferCoding = false
    hasOtherTransferCoding = false
    hasBadExpectation = false
    expectsContinue = false
    saysClose = false
    saysKeepAlive = false
    stage = .requestLine
    position = 0
    body = Span()
    scanned = 0
    hadEmptyLine = false
    chunkLeft = 0
    trailerBytes = 0
  }

  var hasRequestLine: Bool { stage != .requestLine }

  var isHeadComplete: Bool { stage != .requestLine && stage != .fields }

  /// How many bytes are still to come at least, as far as is known.
  var bytesWanted: Int { stage == .fixedBody ? Int(body.start) + (contentLength ?? 0) - position : 1 }

  /// Whether the connection may go on after this request (RFC 9112 9.3).
  var keepsAlive: Bool { minor == 0 ? saysKeepAlive && !saysClose : !saysClose }

  /// Reads on; true when the request is complete.
  func advance(_ bytes: UnsafeMutableRawBufferPointer, _ limits: Limits) throws(HTTPError) -> Bool {
    let raw = UnsafeRawBufferPointer(bytes)
    while true {
      switch stage {
      case .requestLine, .fields: guard try readHeadLine(raw, limits) else { return false }
      case .fixedBody: guard readFixedBody(raw) else { return false }
      case .chunkSize: guard try readChunkSize(raw, limits) else { return false }
      case .chunkData: guard readChunkData(bytes) else { return false }
      case .chunkEnd: guard try readChunkEnd(raw) else { return false }
      case .trailers: guard try readTrailer(raw, limits) else { return false }
      case .complete: return true
      }
    }
  }

  /// The framing bytes between the joined part of a chunked body and what is unread, to be cut out by the caller.
  func takeGap() -> (from: Int, to: Int)? {
    guard isChunked, isHeadComplete, position > Int(body.end) else { return nil }
    let gap = (from: Int(body.end), to: position)
    scanned -= position - gap.from
    position = gap.from
    return gap
  }

  /// The next line without its CR LF, once it is there; it must end before `bound`.
  ///
  /// The bound comes before all that is wrong with the line, since a line may be over it before its end is there.
  private func nextLine(
    _ bytes: UnsafeRawBufferPointer, before bound: Int, else tooLong: HTTPError
  ) throws(HTTPError) -> Span? {
    guard let base = bytes.baseAddress, scanned < bytes.count,
      let found = memchr(base + scanned, 0x0a, bytes.count - scanned)
    else {
      scanned = max(scanned, bytes.count)
      guard bytes.count <= bound else { throw tooLong }
      return nil
    }
    let end = UnsafeRawPointer(found) - base
    guard end < bound else { throw tooLong }
    // RFC 9112 2.2 allows to take a lone LF for a line's end; two readers could disagree, so it isn't.
    guard end > position, bytes[end - 1] == 0x0d else { throw .bareLineFeed }
    let line = Span(position, end - 1)
    position = end + 1
    scanned = position
    return line
  }

  private func readHeadLine(_ bytes: UnsafeRawBufferPointer, _ limits: Limits) throws(HTTPError) -> Bool {
    // 40 bytes for the longest method, the version and what separates them.
    let target = stage == .requestLine ? position + limits.target + 40 : .max
    guard
      let line = try nextLine(
        bytes, before: min(target, limits.head), else: target <= limits.head ? .targetTooLong : .headTooLarge)
    else { return false }
    if stage == .fields {
      if line.isEmpty { try endHead(bytes, limits) } else { try readField(bytes, line, limits) }
    } else if line.isEmpty, !hadEmptyLine {
      // RFC 9112 2.2: at least one empty line before the request line should be ignored.
      hadEmptyLine = true
    } else {
      try readRequestLine(bytes, line, limits)
      stage = .fields
    }
    return true
  }

  private func endHead(_ bytes: UnsafeRawBufferPointer, _ limits: Limits) throws(HTTPError) {
    try checkHead(bytes)
    body = Span(position, position)
    if isChunked {
      stage = .chunkSize
    } else if let contentLength, contentLength > 0 {
      guard contentLength <= limits.body else { throw .bodyTooLarge }
      stage = .fixedBody
    } else {
      stage = .complete
    }
  }

  private func readFixedBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let end = Int(body.start) + (contentLength ?? 0)
    position = min(end, bytes.count)
    body.end = Int32(position)
    if position == end { stage = .complete }
    return position == end
  }
}

// RFC 9112 7.1: the chunked transfer coding.
extension RequestParser {
  private func readChunkSize(_ bytes: UnsafeRawBufferPointer, _ limits: Limits) throws(HTTPError) -> Bool {
    guard let line = try nextLine(bytes, before: position + limits.chunkLine, else: .badChunk) else { return false }
    chunkLeft = try chunkSize(bytes[line])
    guard body.count + chunkLeft <= limits.body else { throw .bodyTooLarge }
    stage = chunkLeft == 0 ? .trailers : .chunkData
    return true
  }

  private func chunkSize(_ line: UnsafeRawBufferPointer) throws(HTTPError) -> Int {
    var size = 0
    var digits = 0
    while digits < line.count, let digit = line[digits].hexValue {
      size = size << 4 | Int(digit)
      digits += 1
      // Twelve digits can't overflow, and no body is that large.
      guard digits <= 12 else { throw .badChunk }
    }
    guard digits > 0 else { throw .badChunk }
    let rest = UnsafeRawBufferPointer(rebasing: line[digits...])
    guard rest.isEmpty || isExtension(rest) else { throw .badChunk }
    return size
  }

  /// RFC 9112 7.1.1: `;name` or `;name=value`, with blanks around the semicolon, which must be read past (RFC 9110
  /// 5.6.3). What extensions mean is ignored.
  private func isExtension(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var rest = bytes.trimmed
    guard rest.first == UInt8(ascii: ";") else { return false }
    rest = UnsafeRawBufferPointer(rebasing: rest[1...]).trimmed
    return rest.first?.isTokenByte == true && rest.allSatisfy { $0.isValueByte }
  }

  private func readChunkData(_ bytes: UnsafeMutableRawBufferPointer) -> Bool {
    let count = min(chunkLeft, bytes.count - position)
    guard count > 0, let base = bytes.baseAddress else { return false }
    memmove(base + Int(body.end), base + position, count)
    body.end += Int32(count)
    position += count
    scanned = position
    chunkLeft -= count
    if chunkLeft == 0 { stage = .chunkEnd }
    return true
  }

  private func readChunkEnd(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) -> Bool {
    if position < bytes.count, bytes[position] != 0x0d { throw .badChunk }
    guard position + 1 < bytes.count else { return false }
    guard bytes[position + 1] == 0x0a else { throw .badChunk }
    position += 2
    scanned = position
    stage = .chunkSize
    return true
  }

  /// RFC 9110 6.5.1: trailers must not change how a request is framed, routed or authorised, so they are dropped.
  private func readTrailer(_ bytes: UnsafeRawBufferPointer, _ limits: Limits) throws(HTTPError) -> Bool {
    let start = position
    let bound = start + limits.head - trailerBytes
    guard let line = try nextLine(bytes, before: bound, else: .headTooLarge) else { return false }
    trailerBytes += position - start
    if line.isEmpty { stage = .complete } else { _ = try splitField(bytes, line) }
    return true
  }
}
