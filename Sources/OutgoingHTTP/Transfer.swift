// What arrives in one transfer, taken piece by piece and bounded: libcurl calls these functions on the thread which
// performs, with the transfer as their context.

import CCurl
import Synchronization

/// Whether a transfer is still wanted.
final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)

  var isCancelled: Bool { flag.load(ordering: .relaxed) }

  func cancel() { flag.store(true, ordering: .relaxed) }
}

/// An answer while it arrives.
final class Transfer {
  /// Bytes of all heads of an answer, interim ones and trailers included.
  private static let largestHead = 64 << 10

  /// Takes the parts of an answer that isn't gathered; false ends the transfer.
  typealias Sink = @Sendable (HTTPStreamPart) -> Bool

  private let largestBody: Int
  private let sink: Sink?
  private let cancellation: Cancellation
  private var headSize = 0
  private(set) var fields: [HTTPField] = []
  private(set) var body: [UInt8] = []
  /// The bound that was reached; then the transfer has been ended.
  private(set) var overflow: HTTPFailure.Cause?
  /// Whether the sink wanted no more.
  private(set) var isEnough = false
  private var status = 0
  private var hasBody = false

  init(largestBody: Int, _ cancellation: Cancellation, sink: Sink? = nil) {
    self.largestBody = largestBody
    self.cancellation = cancellation
    self.sink = sink
  }

  static let takeHead: signet_curl_sink = { bytes, size, count, context in
    Transfer.take(bytes, size * count, context) { $0.take(line: $1) }
  }

  static let takeBody: signet_curl_sink = { bytes, size, count, context in
    Transfer.take(bytes, size * count, context) { $0.take(body: $1) }
  }

  /// Asked once a second at least; anything but 0 ends the transfer.
  static let goesOn: signet_curl_progress = { context, _, _, _, _ in
    guard let context else { return 1 }
    return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().cancellation.isCancelled ? 1 : 0
  }

  /// How many bytes were taken; any other number than `count` ends the transfer.
  private static func take(
    _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ context: UnsafeMutableRawPointer?,
    _ body: (Transfer, UnsafeRawBufferPointer) -> Bool
  ) -> Int {
    guard let context else { return -1 }
    let isTaken = body(
      Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue(), UnsafeRawBufferPointer(start: bytes, count: count))
    return isTaken ? count : -1
  }

  private func pass(_ part: HTTPStreamPart) -> Bool {
    // The library may ask for nothing for a while; who has cancelled wants no more in any case.
    guard let sink, !isEnough, !cancellation.isCancelled else { return sink == nil }
    isEnough = !sink(part)
    return !isEnough
  }

  private func take(body bytes: UnsafeRawBufferPointer) -> Bool {
    hasBody = true
    if sink != nil { return pass(.piece(Array(bytes))) }
    guard body.count + bytes.count <= largestBody else {
      overflow = .tooLarge
      return false
    }
    body.append(contentsOf: bytes)
    return true
  }

  /// Takes a status line, a field line, or the empty line after them.
  private func take(line bytes: UnsafeRawBufferPointer) -> Bool {
    headSize += bytes.count
    guard headSize <= Self.largestHead else {
      overflow = .tooLarge
      return false
    }
    // After the body only trailers come, and nothing here asks for one.
    guard !hasBody else { return true }
    // A status line: what came before was an interim answer's, or a proxy's.
    if bytes.starts(with: "HTTP/".utf8) {
      fields.removeAll()
      status = Self.status(bytes)
      return true
    }
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
      // The empty line; an interim answer's is passed over.
      return status < 200 || pass(.head(HTTPAnswer(status: status, fields: fields, body: [])))
    }
    let name = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
    fields.append(HTTPField(name, String(decoding: Self.trimmed(bytes[(colon + 1)...]), as: UTF8.self)))
    return true
  }

  /// The three digits behind the first space.
  private static func status(_ line: UnsafeRawBufferPointer) -> Int {
    let digits = line.drop { $0 != 0x20 }.dropFirst().prefix(3)
    return Int(String(decoding: digits, as: UTF8.self)) ?? 0
  }

  private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
    let rest = bytes.drop(while: isSpace)
    let end = rest.lastIndex { !isSpace($0) }.map { rest.index(after: $0) } ?? rest.startIndex
    return rest[..<end]
  }
}
