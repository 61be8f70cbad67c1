// Redis as a copy of the denylist, for services that look there: a key for whatever is denied, which expires by itself,
// and a message on a channel for those who listen.
//
// It follows the denylist by itself, so that no request ever waits for Redis, and holds nothing but how far it has come:
// what Redis missed is read from the store. How far Redis has come stands in Redis too, under this process's own key, written
// after the rows and read back before more: so a Redis that came back empty, was flushed, or lost its latest writes is noticed
// and told everything again. All of it can be done twice, by this server and by others.

import Configuration
import Identity
import JSON
import Logging
import Redis
import Storage
import Threads

/// Keeps a Redis up to date with the denylist, on a thread of its own, since hiredis blocks.
actor RedisMirror {
  /// Where messages go.
  static let channel = "signet:denied"
  /// Rows sent together: a round trip for so many.
  private static let batch = 512
  /// Milliseconds between two looks at whether Redis still has what it was told.
  private static let interval = 1000
  /// The longest pause before another attempt, in milliseconds.
  private static let longestPause = 5000
  /// How long Redis keeps the mark of a server that is gone, in milliseconds.
  private static let markPeriod = 86_400_000

  private let options: RedisOptions
  private let authority: Authority
  private let log: Logger
  private let gauges: RedisGauges
  private let mark: [UInt8]
  private let executor: ThreadExecutor
  private var connection: RedisConnection?
  /// The last row that Redis has acknowledged, and the last that it was sent.
  private var (through, sent): (Int64, Int64) = (0, 0)
  /// The clock's jumps when Redis was told for how long to keep what it has.
  private var jumps: Int64
  private var isUp: Bool?

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// Nil when the settings name no Redis.
  init?(_ settings: Settings.Redis, _ parts: Parts) {
    guard let server = settings.server else { return nil }
    (options, authority, log) = (RedisOptions(server), parts.authority, parts.log)
    jumps = authority.clock.jumps
    mark = Array("signet:denied-through:\(parts.node.id)".utf8)
    executor = ThreadExecutor(name: "signet-redis")
    gauges = RedisGauges(authority)
  }

  /// Goes on until the task is cancelled.
  func run() async {
    var pause = 100
    while !Task.isCancelled {
      let failure = await mirror()
      connection = nil
      guard !Task.isCancelled, let failure else {
        // A Redis that loses everything each time must not be told everything without end.
        try? await Task.sleep(for: .milliseconds(1000))
        continue
      }
      gauges.fail()
      if isUp != false {
        log.warning("Redis \(failure); what is denied meanwhile reaches it when it is back")
      }
      if isUp == true { pause = 100 }
      isUp = false
      // Not all servers at once.
      try? await Task.sleep(for: .milliseconds(Int.random(in: pause / 2...pause)))
      pause = min(pause * 2, Self.longestPause)
    }
  }

  /// Connects and follows until something fails; why, nil when that is to be tried again at once.
  private func mirror() async -> RedisFailure? {
    do {
      let connection = try RedisConnection(options)
      self.connection = connection
      try resume(connection)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await self.follow() }
        group.addTask { try await self.watch() }
        // The first that ends is the end of both.
        defer { group.cancelAll() }
        try await group.next()
      }
      return nil
    } catch let lost as LostRows {
      log.notice("Redis \(lost.reason); it is told again")
      return nil
    } catch {
      return error as? RedisFailure ?? RedisFailure("\(error)")
    }
  }

  /// Finds out from where on Redis is to be told.
  private func resume(_ connection: RedisConnection) throws {
    let reply = try connection.run([Self.command("GET", mark)])[0]
    through = try reached(reply) ?? 0
    if jumps != authority.clock.jumps { through = 0 }
    guard through == 0 else { return }
    (sent, jumps) = (0, authority.clock.jumps)
    try write(mark: 0, connection)
  }

  /// Up to which row Redis has everything; nil when it has lost something.
  private func reached(_ reply: RedisReply) throws(RedisFailure) -> Int64? {
    switch reply {
    case .none: return nil
    // Between the two stands what was written by a command whose answer was lost.
    case .bytes(let text):
      return Int64(String(decoding: text, as: UTF8.self)).flatMap { through <= $0 && $0 <= sent ? $0 : nil }
    default: throw RedisFailure(reply)
    }
  }

  private func write(mark sequence: Int64, _ connection: RedisConnection) throws(RedisFailure) {
    let reply = try connection.run([set(mark: sequence)])[0]
    guard reply == .status("OK") else { throw RedisFailure(reply) }
  }

  private func follow() async throws {
    try await authority.denylist.follow(after: through, limit: Self.batch) { rows in try self.send(rows) }
  }

  /// Rows, and the mark behind them, in one round trip.
  private func send(_ rows: [Denial]) throws {
    guard let connection, let last = rows.last else { return }
    let moment = authority.clock.moment()
    var commands = [Self.command("GET", mark)]
    for row in rows where row.expiresAt > moment.settled { append(row, row.life(at: moment), to: &commands) }
    commands.append(set(mark: last.sequence))
    sent = last.sequence
    let replies = try connection.run(commands)
    // The mark may have been taken where a row was not: then it counts as lost, and everything is told again.
    for reply in replies { if case .error = reply { sent = through; throw RedisFailure(reply) } }
    guard try reached(replies[0]) != nil else { throw try lost(LostRows(), connection) }
    through = last.sequence
    tell()
  }

  private func append(_ row: Denial, _ life: Int64, to commands: inout [RedisCommand]) {
    var json = JSONWriter()
    json.beginObject()
    json.member("seq", row.sequence)
    row.writeMembers(into: &json)
    json.endObject()
    // No key where the session goes on: who only looks whether there is one would sign its user out for good.
    if row.isWhole {
      // A period and not a moment: Redis's clock may be another one.
      commands.append(Self.command("SET", Array("signet:denied:\(row.name)".utf8), "1", "PX", String(life)))
    }
    commands.append(Self.command("PUBLISH", Array(Self.channel.utf8), json.bytes))
  }

  /// Looks now and then whether Redis still has what it was told, and whether it is there at all.
  private func watch() async throws {
    while true {
      tellWhenLevel()
      try await Task.sleep(for: .milliseconds(Self.interval))
      guard let connection else { return }
      let renewed = Self.command("PEXPIRE", mark, String(Self.markPeriod))
      let replies = try connection.run([Self.command("GET", mark), renewed])
      guard try reached(replies[0]) != nil else { throw try lost(LostRows(), connection) }
      if jumps != authority.clock.jumps {
        throw try lost(LostRows(reason: "was told by a clock that has been set since"), connection)
      }
    }
  }

  /// The next attempt begins at the first row.
  private func lost(_ rows: LostRows, _ connection: RedisConnection) throws(RedisFailure) -> LostRows {
    (through, sent) = (0, 0)
    // Whoever is about to send what comes next would set the mark behind rows that are to be told again.
    self.connection = nil
    try write(mark: 0, connection)
    return rows
  }

  private func tellWhenLevel() { if through >= authority.denylist.latest { tell() } }

  /// Says that Redis is up, once it has what there was.
  private func tell() {
    gauges.reach(through)
    guard isUp != true, through >= authority.denylist.latest else { return }
    log.notice("Redis has every session and token that is denied")
    isUp = true
  }

  private func set(mark sequence: Int64) -> RedisCommand {
    Self.command("SET", mark, String(sequence), "PX", String(Self.markPeriod))
  }

  private static func command(_ name: String, _ key: [UInt8], _ rest: String...) -> RedisCommand {
    [Array(name.utf8), key] + rest.map { Array($0.utf8) }
  }

  private static func command(_ name: String, _ key: [UInt8], _ rest: [UInt8]) -> RedisCommand {
    [Array(name.utf8), key, rest]
  }
}

/// Redis hasn't got what it had acknowledged, or not for as long as it should.
private struct LostRows: Error {
  var reason = "has lost what it was told"
}
