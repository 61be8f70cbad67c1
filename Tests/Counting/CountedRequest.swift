// The requests whose cost is counted, and how they are sent.

import Foundation

/// One kind of request.
package enum CountedRequest: String, CaseIterable, Sendable {
  case jwks, healthz, me, refresh, login, logout

  /// How many of it make a round. Under valgrind a request takes 2 to 50 ms, and each round has some 20,000 instructions
  /// of the clock's work within, which must be few beside the requests'. Logout has the sessions of login alone.
  var perRound: Int {
    switch self {
    case .jwks, .healthz: 300
    case .me: 60
    case .login, .logout: 20
    case .refresh: 100
    }
  }
}

/// A client that sends each kind as a well-behaved one does.
final class CountedClient {
  private let connection: HTTPConnection
  private var accessToken = "", refreshToken = ""
  /// The refresh tokens of the sessions that logout ends.
  private var sessions: [String] = []

  private init(_ connection: HTTPConnection) { self.connection = connection }

  /// One that has logged in. No initializer, since Swift 6.3.1's optimizer breaks off at one that calls what throws.
  static func loggedIn(port: UInt16) throws -> CountedClient {
    let client = CountedClient(try HTTPConnection(port: port))
    try client.send(.login)
    client.refreshToken = client.sessions.removeLast()
    return client
  }

  func send(_ request: CountedRequest) throws {
    switch request {
    case .jwks: try send("/.well-known/jwks.json")
    case .healthz: try send("/healthz")
    case .me: try send("/v1/me", token: accessToken)
    case .refresh: refreshToken = try tokens("/v1/refresh", Self.body(refreshToken)).refresh
    case .login:
      let (access, refresh) = try tokens("/v1/login", CountedServer.credentials)
      accessToken = access
      sessions.append(refresh)
    case .logout:
      guard let token = sessions.popLast() else { throw CountingError("no session is left to log out") }
      try send("/v1/logout", json: Self.body(token))
    }
  }

  private static func body(_ token: String) -> String { #"{"refresh_token":"\#(token)"}"# }

  private func tokens(_ path: String, _ json: String) throws -> (access: String, refresh: String) {
    let answer = try send(path, json: json)
    return (try answer.member("access_token"), try answer.member("refresh_token"))
  }

  /// An answer that isn't a success is an error, since it would be another way to count.
  @discardableResult
  private func send(_ path: String, json: String? = nil, token: String? = nil) throws -> HTTPAnswer {
    let answer = try connection.send(path, json: json, token: token)
    guard 200..<300 ~= answer.status else { throw CountingError("\(path) answered \(answer.status)") }
    return answer
  }
}
