// SIGTERM drains and ends with 0; SIGHUP reads the configuration again.

import Foundation
import Testing

@Suite struct SignalTests {
  @Test func whatIsUnderWayIsFinished() async throws {
    // A hash that takes long enough to be under way when the signal comes.
    let cost = [
      "password.memory_kib=262144", "password.iterations=6", "hashing.deadline=60s", "limits.drain_timeout=60s",
    ]
    try await withServer(cost) { server in
      try await server.addUser()
      let idle = try await blocking {
        let connection = try Connection(port: server.port)
        try connection.send(Request("GET", "/healthz").kept.bytes)
        _ = try connection.answer()
        return connection
      }
      let login = Request.json("/v1/login", ["username": "ada", "password": .string(goodPassword)])
      async let answer = server.send(login)
      try await eventually("the login is under way") {
        try await server.metrics().contains("signet_hashing_running 1")
      }
      await server.child.signal(SIGTERM)
      try await eventually("new connections are refused") { (try? Connection(port: server.port)) == nil }
      #expect(try await answer.status == 200)
      #expect(try await blocking { idle.isClosed() })
      let status = try await server.child.end()
      #expect(status == 0)
    }
  }

  @Test(arguments: [SIGTERM, SIGINT]) func anIdleServerEnds(_ signal: Int32) async throws {
    try await withServer { server in
      await server.child.signal(signal)
      let status = try await server.child.end()
      #expect(status == 0)
    }
  }

  @Test func theConfigurationIsReadAgain() async throws {
    let folder = try Folder()
    let file = try folder.write("session:\n  retry_window: 60s\nlog:\n  level: info\n", to: "signet.yaml")
    try await withServer(arguments: ["--config", file]) { server in
      try await server.addUser()
      try await reload("session:\n  retry_window: 0s\nlog:\n  level: debug\nstore:\n  migrate: false\n", folder, server)
      try await eventually("the log tells") { server.log.contains("read again; changed") }
      #expect(server.log.contains("need a restart: store.migrate"))
      let first = try await server.login()
      let second = try await server.refresh(first.refresh)
      #expect(try await server.tryRefresh(first.refresh).status == 401)
      #expect(try await server.tryRefresh(second.refresh).status == 401)

      try await reload("session:\n  retry_window: never\n", folder, server)
      try await eventually("the log tells") { server.log.contains("the old one stays in force") }
      let third = try await server.login()
      _ = try await server.refresh(third.refresh)
      #expect(try await server.tryRefresh(third.refresh).status == 401)

      try await reload("session:\n  retry_window: 60s\n", folder, server)
      let fourth = try await server.login()
      try await eventually("retries are answered again") {
        let next = try await server.login()
        _ = try await server.refresh(next.refresh)
        return try await server.tryRefresh(next.refresh).status == 200
      }
      #expect(try await server.isGood(fourth.access))
    }
  }

  private func reload(_ text: String, _ folder: Folder, _ server: LiveServer) async throws {
    try folder.write(text, to: "signet.yaml")
    await server.child.signal(SIGHUP)
  }
}
