// What the README shows works as it stands: the walk in curl and openssl, and the verification in Python.

import Foundation
import Testing

@Suite struct ReadmeTests {
  @Test(.needsOpenSSL) func theWalk() async throws {
    try await withServer { server in
      let script = Self.blocks("sh").filter { $0.hasPrefix("# walk\n") }.joined(separator: "\n")
      let finished = try await walk(script, server)
      #expect(finished.status == 0, "\(finished)")
      for line in ["rotated", "the same answer again", "204", "Verified OK"] {
        #expect(finished.output.split(separator: "\n").contains { $0 == line }, "\(line) isn't in \(finished)")
      }
      #expect(finished.output.contains(#""error":"invalid_grant""#))
      #expect(finished.output.contains("added user grace, id "))
    }
  }

  @Test(.needsPython) func verificationInPython() async throws {
    try await withServer { server in
      let id = try await server.addUser()
      let tokens = try await server.login()
      let blocks = Self.blocks("python")
      #expect(blocks.count == 2)
      for block in blocks {
        #expect(try await server.python(block, [server.issuer, tokens.access]).contains(id))
      }
    }
  }

  private func walk(_ script: String, _ server: LiveServer) async throws -> Finished {
    let file = try server.folder.write(script, to: "walk.sh")
    return try await Finished.run(
      "/bin/sh", ["-eu", file],
      environment: [
        "signet": Programs.signet, "base": server.issuer, "SIGNET_DATA": server.data,
        "SIGNET_PASSWORD_MEMORY_KIB": "8", "SIGNET_PASSWORD_ITERATIONS": "1",
      ], folder: server.folder)
  }

  /// The README's fenced blocks of a language.
  private static func blocks(_ language: String) -> [String] {
    let text = (try? String(contentsOfFile: Programs.packageRoot + "/README.md", encoding: .utf8)) ?? ""
    return text.components(separatedBy: "```\(language)\n").dropFirst().compactMap {
      $0.components(separatedBy: "```").first
    }
  }
}
