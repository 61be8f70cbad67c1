// Small rules: timers, request ids, entity tags, dates, addresses.

import Reactor
import Testing

@testable import HTTPServer

private func bytes<R>(_ text: String, _ body: (UnsafeRawBufferPointer) -> R) -> R {
  Array(text.utf8).withUnsafeBytes(body)
}

// The macro takes its operands apart, which it can't do with mutating calls.
private func cancel<P>(_ id: TimerID, _ wheel: inout TimerWheel<P>) -> Bool { wheel.cancel(id) }
private func pop<P>(_ now: Int, _ wheel: inout TimerWheel<P>) -> P? { wheel.popDue(now) }

@Suite struct TimerWheelTests {
  @Test func firesInTimeAndNeverEarly() {
    var wheel = TimerWheel<Int>(now: 1000)
    let delays = [0, 1, 7, 8, 9, 100, 2047, 2048, 2049, 5000, 75_000, 500_000, 600_000, 2_000_000]
    for delay in delays { _ = wheel.schedule(delay, at: 1000 + delay) }
    var now = 1000
    var fired: [Int] = []
    while let wait = wheel.wait(from: now) {
      now += wait
      while let delay = wheel.popDue(now) {
        #expect(now >= 1000 + delay)
        #expect(now <= 1000 + delay + 8)
        fired.append(delay)
      }
    }
    // Within a slot of 8 ms there is no order.
    #expect(fired.sorted() == delays)
    #expect(wheel.count == 0)
  }

  @Test func skipsAheadAfterALongSleep() {
    var wheel = TimerWheel<Int>(now: 0)
    for delay in stride(from: 10, to: 100_000, by: 999) { _ = wheel.schedule(delay, at: delay) }
    var fired = 0
    while wheel.popDue(1_000_000) != nil { fired += 1 }
    #expect(fired == 101)
  }

  @Test func cancelsOnceAndOnlyItsOwn() {
    var wheel = TimerWheel<String>(now: 0)
    let first = wheel.schedule("first", at: 50)
    #expect(cancel(first, &wheel))
    #expect(cancel(first, &wheel) == false)
    let second = wheel.schedule("second", at: 50)
    #expect(cancel(first, &wheel) == false)
    #expect(pop(100, &wheel) == "second")
    #expect(cancel(second, &wheel) == false)
    #expect(wheel.wait(from: 100) == nil)
  }

  @Test func schedulingFromWhatFiredIsFine() {
    var wheel = TimerWheel<Int>(now: 0)
    _ = wheel.schedule(1, at: 10)
    #expect(pop(20, &wheel) == 1)
    _ = wheel.schedule(2, at: 15)
    #expect(pop(20, &wheel) == 2)
  }
}

@Suite struct RuleTests {
  @Test(arguments: [
    ("abcdefgh", true), ("a-b_C9xy", true), (String(repeating: "x", count: 64), true), ("abcdefg", false),
    (String(repeating: "x", count: 65), false), ("abcdefg\"", false), ("abcd efgh", false),
  ])
  func requestIDs(_ text: String, _ isGood: Bool) { #expect(bytes(text) { isRequestID($0) } == isGood) }

  @Test func ownRequestIDsAreGoodAndDiffer() {
    var source = RequestIDs()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 22, alignment: 1)
    defer { buffer.deallocate() }
    var seen: Set<String> = []
    for _ in 0..<1000 {
      source.fill(buffer)
      #expect(isRequestID(UnsafeRawBufferPointer(buffer)))
      seen.insert(String(decoding: buffer, as: UTF8.self))
    }
    #expect(seen.count == 1000)
  }

  // RFC 9110 8.8.3.2 and 13.1.2.
  @Test(arguments: [
    ("*", true), ("\"a\"", true), ("W/\"a\"", true), ("\"b\", \"a\"", true), ("\"b,a\", \"a\"", true),
    ("\"b\"", false), ("a", false), ("\"a", false), ("", false), ("\"b\",W/\"a\" , \"c\"", true),
  ])
  func entityTags(_ value: String, _ matches: Bool) {
    for tag in ["\"a\"", "W/\"a\""] {
      #expect(bytes(value) { value in bytes(tag) { matchesEntityTag(value, $0) } } == matches)
    }
  }

  @Test func dates() {
    #expect(CivilTime(seconds: 784_111_777).httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(CivilTime(seconds: 951_782_400).timestamp == "2000-02-29T00:00:00")
    #expect(CivilTime(seconds: 0).httpDate == "Thu, 01 Jan 1970 00:00:00 GMT")
    #expect(CivilTime(seconds: 1_798_761_599).timestamp == "2026-12-31T23:59:59")
  }

  @Test func listenAddresses() throws {
    #expect(try ListenAddress("127.0.0.1:80").description == "127.0.0.1:80")
    #expect(try ListenAddress("[::1]:0").description == "[::1]:0")
    #expect(try ListenAddress("localhost:8080").host == "127.0.0.1")
    for text in ["", ":80", "127.0.0.1", "a:80", "::1:80", "127.0.0.1:65536", "[127.0.0.1]:80", "[::1]80"] {
      #expect(throws: ListenError.badAddress(text)) { try ListenAddress(text) }
    }
  }

  @Test func peerAddresses() {
    #expect(PeerAddress("10.1.2.3")?.prefix == [10, 1, 2, 3])
    #expect(PeerAddress("::ffff:10.1.2.3")?.text == "10.1.2.3")
    #expect(PeerAddress("2001:db8::1")?.prefix == [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0])
    #expect(PeerAddress("2001:db8::1")?.text == "2001:db8::1")
    #expect(PeerAddress("::1")?.isLoopback == true)
    #expect(PeerAddress("127.8.0.1")?.isLoopback == true)
    #expect(PeerAddress("128.0.0.1")?.isLoopback == false)
    #expect(PeerAddress("x") == nil)
  }
}
