// A first start on a disk that fails: the server runs, or ends with its reason in one line; and nothing that it, or a
// SIGKILL, leaves in the folder hinders the next.

import Foundation
import Testing

@Suite struct BrokenStartTests {
  @Test(.needsPlainServer, arguments: BrokenSystem.seeds) func nothingHindersTheNext(_ seed: UInt64) async throws {
    var random = Seeded(state: seed)
    for rates in ["enospc=10 short=30 eintr=20", "fsync_fail=20", "enospc=1 fsync_fail=5 short=20 eintr=10 eagain=10"] {
      let system = try BrokenSystem("a start, \(rates)", seed: .random(in: 0..<1 << 32, using: &random), from: rates)
      let folder = try Folder()
      await Places.servers.take()
      let outcome = await Result<Void, any Error>.of {
        try await start(on: folder, system, random: &random)
        let next = try await LiveServer.start(folder: folder)
        let answer = await Result<Answer, any Error>.of { try await next.get("/readyz") }
        await next.child.destroy()
        #expect(try answer.get().status == 200)
      }
      await Places.servers.give()
      try outcome.get()
    }
  }

  /// Starts a server and kills it at a random moment, unless it has ended by itself.
  private func start(on folder: Folder, _ system: BrokenSystem, random: inout Seeded) async throws {
    let settings = (LiveServer.fast + LiveServer.anyPort).flatMap { ["--set", $0] }
    let flags = ["serve", "--data", folder.path + "/data"] + settings
    let child = try Child(Programs.signet, flags, environment: system.environment, folder: folder)
    let end = Date().addingTimeInterval(.random(in: 0...0.2, using: &random))
    var status = await child.exitStatus()
    while status == nil, Date() < end {
      try await Task.sleep(for: .milliseconds(5))
      status = await child.exitStatus()
    }
    await child.destroy()
    guard let status else { return }
    #expect(status == 1)
    let reasons = child.standardError.split(separator: "\n", omittingEmptySubsequences: false)
      .filter { $0.hasPrefix("signet: ") }
    #expect(reasons.count == 1 && child.standardError.last == "\n", "\(child.standardError)")
  }
}
