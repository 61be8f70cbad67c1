// The machine: what it is, and its own limits, each measured at most once a run, when the first case asks.

import Foundation

/// This machine.
final class Machine {
  let cores = ProcessInfo.processInfo.activeProcessorCount
  let model: String
  /// Programs that wanted a core during the minute before: anything near `cores` spoils the figures.
  let load: String
  private var measured: [String: Double] = [:]

  init() throws {
    let text = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    model = line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
    let average = try String(contentsOfFile: "/proc/loadavg", encoding: .utf8)
    load = average.split(separator: " ").first.map(String.init) ?? "unknown"
  }

  var description: String {
    "\(cores) cores (\(model)); wrk, one thread and \(Wrk.connections) connections, on the same machine; "
      + "load before the run \(load)"
  }

  /// The value of `measure`, from an earlier case where there was one.
  func once(_ name: String, _ measure: () async throws -> Double) async throws -> Figure.Limit {
    if let known = measured[name] { return Figure.Limit(name: name, value: known) }
    let value = try await measure()
    measured[name] = value
    return Figure.Limit(name: name, value: value)
  }

  /// A process's memory, by the name that proc(5) gives it in `status`.
  static func megabytes(_ field: String, of process: Int32) throws -> Double {
    let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(field) }),
      let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
    else { throw Failure("the memory of \(process) can't be read; did it end?") }
    return kilobytes / 1000
  }

  /// Runs `body` until `seconds` are over.
  /// - Returns: how often it ran in a second.
  static func rate(seconds: Double, _ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    var count = 0
    while start.duration(to: clock.now) < .seconds(seconds) {
      try body()
      count += 1
    }
    return Double(count) / Self.seconds(start.duration(to: clock.now))
  }

  /// Like `rate`, for a second of this thread's processor time, which is what `openssl speed` counts by: others on the
  /// machine take theirs meanwhile.
  static func processorRate(_ body: () throws -> Void) rethrows -> Double {
    let start = processorTime
    var count = 0
    // The clock costs as much as a tenth of a fast signature.
    while processorTime - start < 1 {
      for _ in 0..<64 { try body() }
      count += 64
    }
    return Double(count) / (processorTime - start)
  }

  /// Seconds of processor time that this thread has had.
  static var processorTime: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }
}
