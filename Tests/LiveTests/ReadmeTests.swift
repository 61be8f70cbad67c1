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

  /// The example service is built with the tests, and runs in theirs.
  @Test func verificationInSwift() throws {
    let blocks = Self.blocks("swift")
    #expect(blocks.count == 1)
    let file = try String(contentsOfFile: Programs.packageRoot + "/Tests/ExampleService/Orders.swift", encoding: .utf8)
    #expect(file.hasSuffix(try #require(blocks.first)))
  }

  /// As a service would: in a package of its own, which sees nothing of this one but the library.
  @Test(.enabled(if: Programs.isLong, "SKIPPED: building a package takes minutes (SIGNET_LONG)"))
  func theLibraryInAPackageOfItsOwn() async throws {
    let folder = try Folder()
    try FileManager.default.createDirectory(
      atPath: folder.path + "/service/Sources/service", withIntermediateDirectories: true)
    try folder.write(Self.manifest(Programs.packageRoot), to: "service/Package.swift")
    try folder.write(try #require(Self.blocks("swift").first) + Self.main, to: "service/Sources/service/Service.swift")
    let build = try Child(
      "swift", ["build", "--package-path", folder.path + "/service"], environment: ["HOME": folder.path], folder: folder
    )
    let status = try await eventually("the package is built", within: 900) { await build.exitStatus() }
    #expect(status == 0, "\(build.standardOutput)\(build.standardError)")
    let service = folder.path + "/service/.build/debug/service"
    let ran = try await Finished.run(service, [], folder: folder)
    #expect(ran.output == "401 the request has no bearer token\n", "\(ran)")
  }

  private static func manifest(_ root: String) -> String {
    """
    // swift-tools-version: 6.2
    import PackageDescription
    let package = Package(
      name: "service", dependencies: [.package(name: "signet", path: "\(root)")],
      targets: [
        .executableTarget(name: "service", dependencies: [.product(name: "SignetVerifier", package: "signet")])
      ])
    """
  }

  private static let main = """

    @main struct Main {
      static func main() async throws {
        let answer = await (try Orders(issuer: "https://login.example.com")).answer(nil)
        print(answer.status, answer.text)
      }
    }
    """

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
