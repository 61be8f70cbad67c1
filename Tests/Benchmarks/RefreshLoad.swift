// Refreshing as well-behaved clients do: as many sessions as connections, each always presenting its newest token.
//
// wrk doesn't tell a script which connection it writes for. So the sessions queue: a request takes the one that has
// waited longest, its answer puts it back with the new token. No session has two requests under way. wrk asks for one
// request before it begins, so there are a few sessions more than connections.

/// The load of the cases which refresh.
enum RefreshLoad {
  static let sessions = sessions(for: Wrk.connections)

  static func sessions(for connections: Int) -> Int { connections + 8 }

  /// A script in which `tokens` are rotated; an answer without a token takes its session out, and shows as failed.
  static func script(_ tokens: [String]) -> String {
    """
    local queue, first, last = {\(tokens.map { "\"\($0)\"" }.joined(separator: ","))}, 1, \(tokens.count)
    local head = "POST /v1/refresh HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nContent-Type: application/json\\r\\nContent-Length: "
    function request()
      local token = queue[first]
      if token then
        queue[first] = nil
        first = first + 1
      end
      local body = '{"refresh_token":"' .. (token or "none") .. '"}'
      return head .. #body .. "\\r\\n\\r\\n" .. body
    end
    function response(status, headers, body)
      local _, start = string.find(body, '"refresh_token":"', 1, true)
      if start then
        last = last + 1
        queue[last] = string.sub(body, start + 1, string.find(body, '"', start + 1, true) - 1)
      end
    end
    """
  }

  /// Refreshes for so many seconds, with sessions of its own.
  static func run(_ server: SignetServer, seconds: Int, connections: Int = Wrk.connections) throws -> Wrk {
    let tokens = try server.logIn(sessions(for: connections)).map(\.refresh)
    return try Wrk.run(server.url, seconds: seconds, script: script(tokens), connections: connections)
  }
}
