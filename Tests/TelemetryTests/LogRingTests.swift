// The ring against real pipes: a full one, a closed one, and one that nobody reads.

import Glibc
import Telemetry
import Testing

/// A pipe whose ends close with it.
private final class Pipe {
  let reading: Int32
  private(set) var writing: Int32

  init() {
    var ends: [Int32] = [0, 0]
    precondition(pipe(&ends) == 0)
    (reading, writing) = (ends[0], ends[1])
  }

  deinit {
    close(reading)
    closeWriting()
  }

  func closeWriting() {
    if writing >= 0 { close(writing) }
    writing = -1
  }

  func read() -> String {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = Glibc.read(reading, &buffer, buffer.count)
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
  }

  func readAll() -> String {
    closeWriting()
    var all = ""
    while true {
      let part = read()
      if part.isEmpty { return all }
      all += part
    }
  }
}

private func line(_ text: String) -> [UInt8] { Array((text + "\n").utf8) }

@Suite struct LogRingTests {
  @Test func writesLinesInOrderAndFlushesAtClose() {
    let pipe = Pipe()
    let ring = LogRing(capacity: 4096, descriptor: pipe.writing)
    for number in 0..<100 { ring.append(line("line \(number)")) }
    ring.close()
    #expect(pipe.readAll() == (0..<100).map { "line \($0)\n" }.joined())
    #expect(ring.dropped == 0)
  }

  @Test func writesLinesLongerThanAChunk() {
    let pipe = Pipe()
    let ring = LogRing(capacity: 65_536, descriptor: pipe.writing)
    let long = String(repeating: "x", count: 20_000)
    ring.append(line(long))
    ring.append(line("end"))
    ring.close()
    #expect(pipe.readAll() == long + "\nend\n")
  }

  @Test func wrapsAroundManyTimes() {
    let pipe = Pipe()
    let ring = LogRing(capacity: 1024, descriptor: pipe.writing)
    var received = ""
    for number in 0..<500 {
      ring.append(line("number \(number)"))
      received += pipe.read()
    }
    ring.close()
    #expect(received + pipe.readAll() == (0..<500).map { "number \($0)\n" }.joined())
  }

  @Test func dropsWholeLinesWhenNobodyReadsAndTellsLater() {
    let pipe = Pipe()
    let ring = LogRing(capacity: 1024, descriptor: pipe.writing) { Array("lost \($0)\n".utf8) }
    let text = String(repeating: "x", count: 99)
    // The pipe holds 64 KiB, the writer one chunk, the ring 1 KiB: of 200,000 bytes most are lost.
    var sent = 0
    while ring.dropped == 0, sent < 2000 {
      ring.append(line(text))
      sent += 1
      usleep(10)
    }
    for _ in 0..<5 { ring.append(line(text)) }
    let lost = ring.dropped
    #expect(lost > 0)
    var received = ""
    while !received.contains("lost ") { received += pipe.read() }
    ring.append(line("after"))
    ring.close()
    received += pipe.readAll()
    let lines = received.split(separator: "\n")
    let told = lines.filter { $0.hasPrefix("lost ") }.compactMap { Int($0.dropFirst(5)) }.reduce(0, +)
    #expect(told == ring.dropped)
    #expect(lines.filter { $0 == text }.count == sent + 5 - ring.dropped)
    #expect(lines.last == "after")
    #expect(lines.allSatisfy { $0 == text || $0.hasPrefix("lost ") || $0 == "after" })
  }

  @Test func countsWhatABrokenPipeRefuses() {
    let pipe = Pipe()
    var ends: [Int32] = [0, 0]
    precondition(Glibc.pipe(&ends) == 0)
    close(ends[0])
    let ring = LogRing(capacity: 1024, descriptor: ends[1])
    ring.append(line("one") + line("two"))
    ring.close()
    #expect(ring.dropped == 2)
    close(ends[1])
    _ = pipe
  }

  @Test func closesInTimeThoughNobodyReads() {
    let pipe = Pipe()
    let ring = LogRing(capacity: 1 << 20, descriptor: pipe.writing)
    for _ in 0..<1000 { ring.append(line(String(repeating: "x", count: 500))) }
    let start = ContinuousClock.now
    ring.close(seconds: 1)
    #expect(ContinuousClock.now - start < .seconds(3))
    #expect(ring.dropped > 0)
  }

  @Test func takesNothingOnceClosed() {
    let pipe = Pipe()
    let ring = LogRing(capacity: 1024, descriptor: pipe.writing)
    ring.close()
    ring.append(line("late"))
    #expect(ring.dropped == 1)
    #expect(pipe.readAll() == "")
  }
}
