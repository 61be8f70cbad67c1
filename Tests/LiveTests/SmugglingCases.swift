// Requests about whose end two readers could disagree: each a name and its bytes.
//
// In a text, one character is one byte (Latin-1). `{next}` is the request that an attacker would smuggle, `{size}` its
// length in hexadecimal, `{length}` the length of all after the head, `{next}` included.

import Foundation

/// One raw request and what Signet makes of it when nothing stands in front.
struct RawCase: Sendable {
  enum Verdict: Sendable {
    /// One answer of 4xx, 501 or 505, and a closed connection.
    case refused
    /// So many answers, none of 5xx, and a connection that goes on.
    case answered(Int)
    /// Nothing until more comes.
    case waits
  }

  let name: String
  let text: String
  let verdict: Verdict

  /// What is sent.
  /// - Parameter number: tells the smuggled request of one case from that of another.
  func bytes(_ number: Int) -> [UInt8] {
    let next = Self.next(number)
    let full = text.replacing("{next}", with: next)
      .replacing("{size}", with: String(next.utf8.count, radix: 16))
    let length = full.ranges(of: "\r\n\r\n").first.map { full[$0.upperBound...].unicodeScalars.count } ?? 0
    return full.replacing("{length}", with: "\(length)").unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
  }

  /// The request that would be smuggled.
  static func next(_ number: Int) -> String {
    "GET /marker HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: smuggled-\(number)\r\n\r\n"
  }

  /// All of them.
  static var all: [RawCase] {
    disagreements + codings + lengths + bodies + chunkSizes + chunkEnds + names + hosts + targets + versions
      + connections + expectations
  }

  static func make(_ name: String, _ head: [String], _ body: String, is verdict: Verdict) -> RawCase {
    RawCase(name: name, text: head.joined(separator: "\r\n") + "\r\n\r\n" + body, verdict: verdict)
  }

  static func post(_ name: String, _ fields: String..., body: String, is verdict: Verdict) -> RawCase {
    make(name, ["POST /v1/refresh HTTP/1.1", "Host: localhost"] + fields, body, is: verdict)
  }

  static func get(_ name: String, _ fields: String..., body: String = "{next}", is verdict: Verdict) -> RawCase {
    make(name, ["GET /healthz HTTP/1.1", "Host: localhost"] + fields, body, is: verdict)
  }

  private static let last = "0\r\n\r\n"

  /// RFC 9112 6.1: a length and a coding.
  private static var disagreements: [RawCase] {
    let (length, coding) = ("Content-Length: {length}", "Transfer-Encoding: chunked")
    return [
      post("CL.TE", length, coding, body: last + "{next}", is: .refused),
      post("CL.TE, coding first", coding, length, body: last + "{next}", is: .refused),
      post("CL.TE, in agreement", "Content-Length: 5", coding, body: last, is: .refused),
      post("TE.CL", "Content-Length: 4", coding, body: "{size}\r\n{next}\r\n0\r\n\r\n", is: .refused),
      post("TE.CL, coding first", coding, "Content-Length: 4", body: "{size}\r\n{next}\r\n0\r\n\r\n", is: .refused),
      post("TE.0", "Content-Length: 0", coding, body: last + "{next}", is: .refused),
      get("GET with both", length, coding, body: last + "{next}", is: .refused),
    ]
  }

  /// RFC 9112 6.1 and 7: `chunked` in every dress, alone and beside a length.
  private static var codings: [RawCase] {
    let bad = [
      "Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked", "Transfer-Encoding\r\n: chunked",
      "Transfer-Encoding\u{0}: chunked", "Transfer-Encoding\u{A0}: chunked", "\u{FF}Transfer-Encoding: chunked",
      ":Transfer-Encoding: chunked", " Transfer-Encoding: chunked", "\tTransfer-Encoding: chunked",
      "Transfer-Encoding:\u{B}chunked", "Transfer-Encoding:\u{C}chunked", "Transfer-Encoding: \u{A0}chunked",
      "Transfer-Encoding: chunked\u{B}", "Transfer-Encoding: chunked\u{0}", "Transfer-Encoding: chun\u{0}ked",
      "Transfer-Encoding: \u{0}chunked", "Transfer-Encoding:\r\n chunked", "Transfer-Encoding: \r\n\tchunked",
      "Transfer-Encoding: chunked\r\n , identity", "X: y\nTransfer-Encoding: chunked",
      "X: y\rTransfer-Encoding: chunked",
      "Transfer-Encoding: chunked\nX: y", "Transfer-Encoding: chunked\rX: y", "X: y\r\n\rTransfer-Encoding: chunked",
      "Transfer-Encoding:", "Transfer-Encoding: ", "Transfer-Encoding: xchunked", "Transfer-Encoding: chunkedx",
      "Transfer-Encoding: chunked-x", "Transfer-Encoding: chunk", "Transfer-Encoding: identity",
      "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: 'chunked'", "Transfer-Encoding: chunked;q=1",
      "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity, chunked",
      "Transfer-Encoding: gzip, chunked",
      "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: chunked,", "Transfer-Encoding: ,chunked",
      "Transfer-Encoding: chunked chunked", "Transfer-Encoding: cow\r\nTransfer-Encoding: chunked",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding:", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
      "Transfer-Encoding\u{B}: chunked", "Transfer-Encoding;: chunked", "Transfer-Encoding chunked",
    ]
    let good = [
      "Transfer-Encoding:chunked", "Transfer-Encoding:\tchunked", "Transfer-Encoding: \t chunked \t",
      "tRANSFER-eNCODING: cHUNKED",
    ]
    return bad.flatMap {
      [
        post("alone: " + $0, $0, body: last + "{next}", is: .refused),
        post("with a length: " + $0, "Content-Length: {length}", $0, body: last + "{next}", is: .refused),
      ]
    }
      + good.map { post($0, $0, body: last + "{next}", is: .answered(2)) }
      + good.map { post("with a length: " + $0, "Content-Length: {length}", $0, body: last + "{next}", is: .refused) }
      + ["Transfer_Encoding: chunked", "Transfer.Encoding: chunked", "X-Transfer-Encoding: chunked"].map {
        post($0, "Content-Length: {length}", $0, body: last + "{next}", is: .answered(1))
      }
  }

  /// RFC 9110 8.6: one length, in decimal digits.
  private static var lengths: [RawCase] {
    let bad = [
      "Content-Length: {length}\r\nContent-Length: {length}", "Content-Length: 0\r\nContent-Length: {length}",
      "Content-Length: {length}\r\nContent-Length: 0", "Content-Length: {length}\r\ncontent-length: 00",
      "Content-Length: {length}, {length}", "Content-Length: {length},{length}", "Content-Length: 0, {length}",
      "Content-Length: +{length}", "Content-Length: -0", "Content-Length: -1", "Content-Length: 0x4b",
      "Content-Length: {length}.0", "Content-Length: 1e1", "Content-Length: 1_0", "Content-Length: {length} 0",
      "Content-Length: {length};", "Content-Length: \"{length}\"", "Content-Length: {length}\u{0}",
      "Content-Length:\u{B}{length}", "Content-Length: {length}\u{C}", "Content-Length: \u{A0}{length}",
      "Content-Length:", "Content-Length: ", "Content-Length:\r\n {length}", "Content-Length: 1\r\n 0",
      "Content-Length : {length}", "Content-Length\t: {length}", " Content-Length: {length}",
      "Content-Length\u{0}: {length}", "Content-Length {length}", "X: y\nContent-Length: {length}",
      "X: y\rContent-Length: {length}", "Content-Length: 4294967296", "Content-Length: 9223372036854775808",
      "Content-Length: 18446744073709551616", "Content-Length: 18446744073709551617",
      "Content-Length: 99999999999999999999999999", "Content-Length: two",
    ]
    return bad.map { post($0, $0, body: "{next}", is: .refused) } + bad.map { get("GET, " + $0, $0, is: .refused) } + [
      post("leading zeros", "Content-Length: 000{length}", body: "{next}", is: .answered(1)),
      post("spaces around a length", "Content-Length: \t {length} \t", body: "{next}", is: .answered(1)),
      post("underscore in the name", "Content_Length: {length}", body: "{next}", is: .answered(2)),
    ]
  }
}
