// Where a Redis is, and who we are to it.

/// How to reach a Redis or Valkey server.
package struct RedisOptions: Sendable {
  /// Where it listens.
  package enum Place: Sendable {
    case tcp(host: String, port: Int)
    /// A Unix socket's path.
    case unix(String)
  }

  package let place: Place
  /// Nil: its default user.
  package let user: String?
  package let password: String?
  /// 0 is what a connection begins with.
  package let database: Int
  /// How long connecting, and any one exchange, may take; milliseconds.
  package let patience: Int

  package init(_ place: Place, user: String? = nil, password: String? = nil, database: Int = 0, patience: Int = 2000) {
    self.place = place
    self.user = user
    self.password = password
    self.database = database
    self.patience = patience
  }
}

/// A command: its name and arguments.
package typealias RedisCommand = [[UInt8]]

/// What Redis answered to one command.
package enum RedisReply: Sendable, Equatable {
  /// Such as OK.
  case status(String)
  case bytes([UInt8])
  case integer(Int64)
  case none
  /// In the server's words: unprintable characters replaced, and cut.
  case error(String)
}
