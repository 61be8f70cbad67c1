// What the settings say of Redis, for its client.

import Configuration
import Redis

extension RedisOptions {
  init(_ server: RedisURL) {
    let place: Place =
      switch server.place {
      case .tcp(let host, let port): .tcp(host: host, port: port)
      case .unix(let path): .unix(path)
      }
    self.init(place, user: server.user, password: server.password?.reveal(), database: server.database)
  }
}
