// A connection to Redis by hiredis: commands go out together, their replies come back in the same order.
//
// Calls block their thread, each for a bounded time. The other side isn't trusted with more than that: what it sends
// beyond a small bound, or what is no answer to what was asked, ends the connection.

import CRedis
import Glibc

/// One connection, for one thread at a time.
package final class RedisConnection {
  /// Bytes that may arrive for the replies that are outstanding; those which Signet asks for have less than 100 each.
  private static let replyLimit = 1 << 20

  private let library: RedisLibrary
  private let context: UnsafeMutablePointer<redisContext>
  private let replyMakers: UnsafeMutablePointer<redisReplyObjectFunctions>
  private let patience: Int

  /// Connects and says who we are.
  package init(_ options: RedisOptions) throws(RedisFailure) {
    library = try RedisLibrary.shared.get()
    patience = options.patience
    let functions = library.functions.pointee
    let time = timeval(tv_sec: patience / 1000, tv_usec: patience % 1000 * 1000)
    let made =
      switch options.place {
      case .tcp(let host, let port): functions.connect(host, Int32(port), time)
      case .unix(let path): functions.connect_unix(path, time)
      }
    guard let made else { throw RedisFailure("no memory is left") }
    replyMakers = .allocate(capacity: 1)
    replyMakers.initialize(to: redisReplyObjectFunctions())
    context = made
    guard made.pointee.err == 0 else { throw failure("can't be reached") }
    signet_redis_refuse_arrays(context, replyMakers)
    _ = fcntl(context.pointee.fd, F_SETFD, FD_CLOEXEC)
    guard functions.set_timeout(context, time) == REDIS_OK else { throw failure("can't be reached") }
    try introduce(options)
  }

  deinit {
    library.functions.pointee.free(context)
    replyMakers.deallocate()
  }

  private func introduce(_ options: RedisOptions) throws(RedisFailure) {
    var commands: [RedisCommand] = []
    if let password = options.password {
      commands.append((["AUTH", options.user, password] as [String?]).compactMap { $0.map { Array($0.utf8) } })
    }
    if options.database != 0 { commands.append([Array("SELECT".utf8), Array(String(options.database).utf8)]) }
    for reply in try run(commands) where reply != .status("OK") {
      // Redis may repeat the arguments of a command that it doesn't know, a password among them.
      guard case .error(let text) = reply else { throw RedisFailure(reply) }
      throw RedisFailure("refuses: \(text.prefix { $0 != " " })")
    }
  }

  /// Sends commands together; their replies, in order. After a throw the connection is of no use any more.
  package func run(_ commands: [RedisCommand]) throws(RedisFailure) -> [RedisReply] {
    let deadline = Self.now() + patience
    for command in commands { try append(command) }
    var isWritten: Int32 = 0
    while isWritten == 0 {
      guard library.functions.pointee.write(context, &isWritten) == REDIS_OK else { throw failure("doesn't listen") }
      guard Self.now() < deadline else { throw RedisFailure("takes no more within \(patience) ms") }
    }
    var replies: [RedisReply] = []
    replies.reserveCapacity(commands.count)
    while replies.count < commands.count {
      if let reply = try next() { replies.append(reply) } else { try read(until: deadline) }
    }
    let reader = context.pointee.reader.pointee
    guard reader.len == reader.pos else { throw RedisFailure("answers what wasn't asked") }
    return replies
  }

  private func append(_ words: RedisCommand) throws(RedisFailure) {
    // One block of bytes, and where in it each word begins.
    let bytes = words.flatMap { $0 }
    let sizes = words.map(\.count)
    let status = bytes.withUnsafeBytes { bytes in
      var place = 0
      var starts = sizes.map { size -> UnsafePointer<CChar>? in
        defer { place += size }
        return bytes.baseAddress?.advanced(by: place).assumingMemoryBound(to: CChar.self)
      }
      return library.functions.pointee.append(context, Int32(words.count), &starts, sizes)
    }
    guard status == REDIS_OK else { throw failure("gets nothing") }
  }

  /// The next reply that has arrived whole.
  private func next() throws(RedisFailure) -> RedisReply? {
    var reply: UnsafeMutableRawPointer?
    guard library.functions.pointee.reply(context.pointee.reader, &reply) == REDIS_OK else {
      throw RedisFailure("answers what is no reply to what was asked")
    }
    guard let reply else { return nil }
    defer { library.functions.pointee.free_reply(reply) }
    let value = reply.assumingMemoryBound(to: redisReply.self).pointee
    let bytes = UnsafeRawBufferPointer(start: value.str, count: value.str == nil ? 0 : value.len)
    switch value.type {
    case REDIS_REPLY_STATUS: return .status(Self.text(bytes))
    case REDIS_REPLY_STRING: return .bytes(Array(bytes))
    case REDIS_REPLY_INTEGER: return .integer(value.integer)
    case REDIS_REPLY_NIL: return RedisReply.none
    case REDIS_REPLY_ERROR: return .error(Self.text(bytes))
    default: throw RedisFailure("answers what is no reply to what was asked")
    }
  }

  /// Waits for more bytes and takes them, 16 KiB at most.
  private func read(until deadline: Int) throws(RedisFailure) {
    guard context.pointee.reader.pointee.len - context.pointee.reader.pointee.pos < Self.replyLimit else {
      throw RedisFailure("answers more than anything asked for")
    }
    var wait = pollfd(fd: context.pointee.fd, events: Int16(POLLIN), revents: 0)
    let left = deadline - Self.now()
    guard left > 0, poll(&wait, 1, Int32(left)) > 0 else { throw RedisFailure("doesn't answer within \(patience) ms") }
    guard library.functions.pointee.read(context) == REDIS_OK else { throw failure("has ended the connection") }
  }

  private func failure(_ what: String) -> RedisFailure {
    let detail = String(cString: signet_redis_error(context))
    return RedisFailure(detail.isEmpty ? what : "\(what): \(RedisReply.clean(detail.utf8))")
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> String { RedisReply.clean(bytes) }

  /// Milliseconds of the clock that never jumps.
  private static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}

extension RedisFailure {
  /// What stands in the place of a good reply.
  package init(_ reply: RedisReply) {
    switch reply {
    case .error(let text): self.init("refuses: \(text)")
    default: self.init("answers what is no reply to what was asked")
    }
  }
}

extension RedisReply {
  /// Foreign text made fit for a line of the log.
  static func clean(_ bytes: some Collection<UInt8>) -> String {
    String(decoding: bytes.prefix(200).map { $0 >= 0x20 && $0 < 0x7f ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}
