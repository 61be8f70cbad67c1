// The load generator: wrk with one thread, 64 connections and a Lua script, whose end prints the figures as JSON.

import Foundation

/// What wrk measured.
struct Wrk {
  /// Answers with a status below 400, a second.
  let rate: Double
  /// Answers with a status below 400.
  let succeeded: Int
  /// Other answers, and requests without one.
  let failed: Int
  /// Milliseconds.
  let median: Double
  let percentile99: Double
  /// The longest of all.
  let longest: Double

  static let connections = 64

  /// The latency of others beside a load, asked for by eight connections which wait `pause` milliseconds between two
  /// requests: at full speed wrk would measure how the scheduler shares the cores.
  static func beside(_ url: String, seconds: Int, script: String = "", pause: Int = 5) throws -> Wrk {
    try run(url, seconds: seconds, script: script + "\nfunction delay() return \(pause) end", connections: 8)
  }

  /// Loads `url` for so many seconds.
  /// - Parameter script: Lua which sets `wrk.*` or defines `request` and `response`.
  static func run(
    _ url: String, seconds: Int, script: String = "", connections: Int = Wrk.connections
  ) throws -> Wrk {
    guard Command.exists("wrk") else { throw Failure("wrk is missing; run `make setup`") }
    let folder = try TemporaryFolder()
    let file = try folder.write(script + report, to: "load.lua")
    let output = try Command.output(
      ["wrk", "-t1", "-c\(connections)", "-d\(seconds)s", "--timeout", "10s", "-s", file, url])
    guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix("{") }),
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Double]
    else { throw Failure("wrk printed no figures: \(output)") }
    func figure(_ name: String) -> Double { object[name] ?? 0 }
    let failed = figure("status") + figure("lost")
    let succeeded = figure("requests") - figure("status")
    return Wrk(
      rate: succeeded / max(figure("microseconds"), 1) * 1_000_000, succeeded: Int(succeeded), failed: Int(failed),
      median: figure("p50") / 1000, percentile99: figure("p99") / 1000,
      longest: figure("max") / 1000)
  }

  /// A script may stop before its time, and then sets `elapsed` to the microseconds it took.
  private static let report = """

    local worker
    function setup(thread) worker = thread end
    function done(summary, latency, requests)
      local e = summary.errors
      print(string.format('{"requests":%d,"microseconds":%d,"status":%d,"lost":%d,"p50":%d,"p99":%d,"max":%d}',
        summary.requests, worker:get("elapsed") or summary.duration, e.status,
        e.connect + e.read + e.write + e.timeout, latency:percentile(50), latency:percentile(99), latency.max))
    end
    """

  /// The figures every load has.
  /// - Parameter bound: milliseconds that the slowest but one in a hundred may take.
  func figures(
    _ name: String, atLeast target: Double? = nil, p99 bound: Double? = nil, limit: Figure.Limit? = nil
  ) -> [Figure] {
    [
      Figure(
        name: name, value: rate, unit: "/s", target: target.map { .atLeast($0) } ?? .none, limit: limit),
      Figure(name: "\(name), failed", value: Double(failed), unit: "", target: .atMost(0)),
      Figure(name: "\(name), p50", value: median, unit: "ms"),
      Figure(
        name: "\(name), p99", value: percentile99, unit: "ms", target: bound.map { .atMost($0) } ?? .none),
    ]
  }
}
