// PROXY headers, version 2: what proxy-protocol.txt 2.2 defines, whole and cut at every position, and what it forbids.

import Reactor
import Testing

@testable import HTTPServer

private let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
private let tcp4: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 2, 0x12, 0x34, 0x01, 0xbb]
private let tcp6: [UInt8] =
  [0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [1] + [UInt8](repeating: 0, count: 16) + [0, 1, 0, 2]

private func header(_ command: UInt8, _ form: UInt8, _ rest: [UInt8]) -> [UInt8] {
  signature + [command, form, UInt8(rest.count >> 8), UInt8(rest.count & 255)] + rest
}

private func parse(_ bytes: [UInt8]) -> ProxyHeader { bytes.withUnsafeBytes { ProxyHeader.parse($0) } }

/// The verdict, after it was found the same with other bytes behind it, and that every beginning is incomplete.
private func judge(_ bytes: [UInt8]) -> ProxyHeader {
  let verdict = parse(bytes)
  #expect(parse(bytes + Array("GET / HTTP/1.1\r\n".utf8)) == verdict)
  for length in 0..<bytes.count {
    guard case .incomplete(let atLeast) = parse(Array(bytes[..<length])) else {
      Issue.record("complete after \(length) of \(bytes.count)")
      continue
    }
    #expect(atLeast > length && atLeast <= bytes.count && (length < 16 || atLeast == bytes.count))
  }
  return verdict
}

@Suite struct ProxyHeaderTests {
  @Test func namesTheSource() {
    #expect(judge(header(0x21, 0x11, tcp4)) == .complete(length: 28, source: PeerAddress("192.0.2.1")))
    #expect(judge(header(0x21, 0x21, tcp6)) == .complete(length: 52, source: PeerAddress("2001:db8::1")))
    let mapped = [UInt8](repeating: 0, count: 10) + [255, 255, 192, 0, 2, 1] + tcp6.dropFirst(16)
    #expect(judge(header(0x21, 0x21, mapped)) == .complete(length: 52, source: PeerAddress("192.0.2.1")))
  }

  @Test func namesNobody() {
    #expect(judge(header(0x20, 0x00, [])) == .complete(length: 16, source: nil))
    #expect(judge(header(0x20, 0xff, tcp4)) == .complete(length: 28, source: nil))
    #expect(judge(header(0x21, 0x00, [1, 2])) == .complete(length: 18, source: nil))
    #expect(judge(header(0x21, 0x12, tcp4)) == .complete(length: 28, source: nil))
    #expect(judge(header(0x21, 0x22, tcp6)) == .complete(length: 52, source: nil))
    for form: UInt8 in [0x31, 0x32] {
      let unix = header(0x21, form, [UInt8](repeating: 0, count: 216))
      #expect(judge(unix) == .complete(length: 232, source: nil))
    }
  }

  @Test func refusesWhatIsNotDefined() {
    for version: UInt8 in [0x01, 0x11, 0x22, 0x2f, 0x31, 0xff] {
      #expect(parse(header(version, 0x11, tcp4)) == .invalid)
    }
    for form: UInt8 in [0x01, 0x10, 0x13, 0x20, 0x23, 0x30, 0x33, 0x41] {
      #expect(parse(header(0x21, form, [UInt8](repeating: 0, count: 216))) == .invalid)
    }
    #expect(parse(header(0x21, 0x11, tcp4.dropLast())) == .invalid)
    #expect(parse(header(0x21, 0x21, tcp6.dropLast())) == .invalid)
    #expect(parse(header(0x21, 0x31, [UInt8](repeating: 0, count: 215))) == .invalid)
  }

  @Test func refusesAtTheFirstWrongByte() {
    for text in ["PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "GET", "\r\n\r\n\r", "\n"] {
      #expect(parse(Array(text.utf8)) == .invalid)
    }
    let good = header(0x21, 0x11, tcp4)
    for index in 0..<14 {
      var bad = good
      bad[index] ^= 0x80
      #expect(parse(Array(bad[...index])) == .invalid)
    }
  }

  @Test func readsRecords() {
    let authority: [UInt8] = [0x02, 0, 1, 0x61]
    #expect(
      judge(header(0x21, 0x11, tcp4 + authority + [0x04, 0, 0]))
        == .complete(length: 35, source: PeerAddress("192.0.2.1")))
    for bad: [UInt8] in [[4], [4, 0], [4, 0, 1], [4, 1, 0, 0], authority + [0]] {
      #expect(parse(header(0x21, 0x11, tcp4 + bad)) == .invalid)
    }
  }

  @Test func isBounded() {
    let padding = ProxyHeader.limit - 28 - 3
    let noop: [UInt8] = [4, UInt8(padding >> 8), UInt8(padding & 255)] + [UInt8](repeating: 0, count: padding)
    let longest = header(0x21, 0x11, tcp4 + noop)
    #expect(longest.count == ProxyHeader.limit)
    #expect(judge(longest) == .complete(length: ProxyHeader.limit, source: PeerAddress("192.0.2.1")))
    // Refused as soon as the length is known.
    #expect(parse(Array(header(0x20, 0, [UInt8](repeating: 0, count: 521)).prefix(16))) == .invalid)
  }

  /// Its sum was computed by another implementation of CRC-32C.
  @Test func checksTheChecksum() {
    let sum: [UInt8] = [0xf6, 0x03, 0xd2, 0x3a]
    let good = header(0x21, 0x11, tcp4 + [3, 0, 4] + sum)
    #expect(judge(good) == .complete(length: 35, source: PeerAddress("192.0.2.1")))
    for index in [16, 24, 31, 34] {
      var bad = good
      bad[index] ^= 1
      #expect(parse(bad) == .invalid)
    }
    #expect(parse(header(0x21, 0x11, tcp4 + [3, 0, 4] + sum + [3, 0, 4] + sum)) == .invalid)
    #expect(parse(header(0x21, 0x11, tcp4 + [3, 0, 3] + sum.dropLast())) == .invalid)
  }
}
