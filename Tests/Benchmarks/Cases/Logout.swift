// Logout, each of another session: as many as were begun before, which is over within a second.

extension Case {
  static let logout = Case(name: "logout", about: "POST /v1/logout with a refresh token") { _ in
    let store = try FilledStore(tokens: 5000)
    let server = try store.serve()
    return try Wrk.run(server.url, seconds: 10, script: script(store.tokens)).figures("logout")
  }

  /// Presents each token once, and stops.
  private static func script(_ tokens: [String]) -> String {
    """
    local tokens, asked, answered = {\(tokens.map { "\"\($0)\"" }.joined(separator: ","))}, 0, 0
    local ffi, start = require("ffi"), nil
    ffi.cdef("typedef struct { long seconds, microseconds; } signet_time; int gettimeofday(signet_time *, void *);")
    local function now()
      local time = ffi.new("signet_time")
      ffi.C.gettimeofday(time, nil)
      return tonumber(time.seconds) * 1000000 + tonumber(time.microseconds)
    end
    wrk.method, wrk.path, wrk.headers["Content-Type"] = "POST", "/v1/logout", "application/json"
    function request()
      start = start or now()
      asked = math.min(asked + 1, #tokens)
      return wrk.format(nil, nil, nil, '{"refresh_token":"' .. tokens[asked] .. '"}')
    end
    function response()
      answered = answered + 1
      if answered == #tokens then
        elapsed = now() - start
        wrk.thread:stop()
      end
    end
    """
  }
}
