// Both forms of a log line, and the handler that chooses between them.

import Glibc
import Logging
import Telemetry
import Testing

private let time = LogTime(milliseconds: 1_767_323_045_678)

private func json(_ message: String, _ metadata: Logger.Metadata = [:], logger: String? = nil) -> String {
  let bytes = LogLine.json(time: time, level: .info, message: message, logger: logger, metadata: metadata)
  return String(decoding: bytes, as: UTF8.self)
}

private func text(_ message: String, _ metadata: Logger.Metadata = [:]) -> String {
  let bytes = LogLine.text(time: time, level: .warning, message: message, logger: "http", metadata: metadata)
  return String(decoding: bytes, as: UTF8.self)
}

@Suite struct LogLineTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
    (1_767_225_599_999, "2025-12-31T23:59:59.999Z"), (1_767_323_045_678, "2026-01-02T03:04:05.678Z"),
    (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
  ])
  func writesTimes(milliseconds: Int, expected: String) {
    #expect(LogTime(milliseconds: milliseconds).text == expected)
  }

  @Test func writesOneObjectALine() {
    let head = #"{"time":"2026-01-02T03:04:05.678Z","level":"info","#
    #expect(json("hello") == head + "\"msg\":\"hello\"}\n")
    #expect(
      json(
        "m", ["b": "x", "a": .stringConvertible(5), "f": .stringConvertible(true), "l": ["1", ["k": "v"]]],
        logger: "http")
        == head + #""msg":"m","logger":"http","a":5,"b":"x","f":true,"l":["1",{"k":"v"}]}"# + "\n")
  }

  @Test func escapesWhatJSONAsksFor() {
    #expect(json("a\"b\\c\nd\re\tf\u{1}\u{1F}\u{7F}é").contains(#""msg":"a\"b\\c\nd\re\tf\u0001\u001f\u007fé"}"#))
  }

  @Test func renamesMetadataThatWouldHideALinesOwnMembers() {
    #expect(json("m", ["level": "x", "msg": "y"]).hasSuffix(#""msg":"m","level_":"x","msg_":"y"}"# + "\n"))
  }

  @Test func writesLinesForPeople() {
    #expect(
      text("hello there", ["a": "x", "b": "two words", "c": "\(3)"])
        == "2026-01-02T03:04:05.678Z WARNING [http] hello there a=x b=\"two words\" c=3\n")
  }

  @Test func lineForPeopleCannotBeForged() {
    let line = text("one\ntwo\u{1B}[31m", ["a": "x\ny", "b": "\u{202E}"])
    #expect(line.utf8.filter { $0 == 0x0A }.count == 1)
    #expect(line.hasSuffix(#"one\u{a}two\u{1b}[31m a="x\ny" b="\u{202e}""# + "\n"))
  }
}

@Suite struct JSONLogHandlerTests {
  /// What loggers over one ring write, their control at hand.
  private func lines(_ body: (Logger, LogControl) -> Void) -> [String] {
    var ends: [Int32] = [0, 0]
    precondition(pipe(&ends) == 0)
    let ring = LogRing(capacity: 16_384, descriptor: ends[1])
    let control = LogControl()
    body(Logger(label: "test") { JSONLogHandler(label: $0, ring: ring, control: control) }, control)
    ring.close()
    close(ends[1])
    var buffer = [UInt8](repeating: 0, count: 16_384)
    let count = read(ends[0], &buffer, buffer.count)
    close(ends[0])
    return String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test func levelChangesForLoggersThatExist() {
    let lines = lines { logger, control in
      logger.debug("hidden")
      control.level = .debug
      logger.debug("shown")
      var own = logger
      own.logLevel = .error
      own.warning("hidden too")
      logger.warning("shown as well")
    }
    #expect(lines.count == 2)
    #expect(lines[0].contains("\"level\":\"debug\",\"msg\":\"shown\",\"logger\":\"test\""))
  }

  @Test func formChangesForLoggersThatExist() {
    let lines = lines { logger, control in
      control.format = .text
      logger.info("plain")
    }
    #expect(lines.first?.hasSuffix(" INFO [test] plain") == true)
  }

  @Test func mergesMetadataTheClosestWinning() {
    let lines = lines { logger, _ in
      var logger = logger
      logger[metadataKey: "a"] = "logger"
      logger[metadataKey: "b"] = "logger"
      logger.info("m", metadata: ["b": "event"])
    }
    #expect(lines.first?.hasSuffix(#""a":"logger","b":"event"}"#) == true)
  }
}
