// Wycheproof's cases through `signet jose`, from the folder that SIGNET_VECTORS names: what an outsider's check would see.

import Foundation
import Testing

@Suite struct JoseVectorTests {
  private struct Case {
    let name: String
    let command: String
    let token: String
    let key: String
    /// What Wycheproof says, in hexadecimal where it says what comes out.
    let isValid: Bool
    let plaintext: String?
  }

  @Test(.enabled(if: file != nil, "SKIPPED: no wycheproof_jose.json; set SIGNET_VECTORS to the folder of test vectors"))
  func wycheproof() async throws {
    let folder = try Folder()
    let cases = try Self.cases()
    for (index, one) in cases.enumerated() {
      try folder.write(one.key, to: "\(index).key")
      try folder.write(one.token, to: "\(index).token")
    }
    // One shell for all: a line with the exit status and the output in hexadecimal for each.
    let lines = cases.indices.map { index in
      "\"$0\" jose \(cases[index].command) --key \(index).key < \(index).token > out 2> err; "
        + "echo $? $(od -An -v -tx1 out | tr -d ' \\n')"
    }
    let script = try folder.write((["cd '\(folder.path)'"] + lines).joined(separator: "\n"), to: "script")
    let finished = try await Finished.run("/bin/sh", ["-c", ". \(script)", Programs.signet], folder: folder)
    let answers = finished.output.split(separator: "\n")
    try #require(answers.count == cases.count, "\(finished.errors)")
    var different = 0
    for (one, answer) in zip(cases, answers) {
      let parts = answer.split(separator: " ")
      #expect(parts[0] == "0" || parts[0] == "1", "\(one.name): exit \(parts[0])")
      let isAccepted = parts[0] == "0"
      if isAccepted, let plaintext = one.plaintext { #expect(parts.dropFirst().joined() == plaintext, "\(one.name)") }
      if one.isValid, !isAccepted, Self.isRefusedByPolicy(one) {
        different += 1
      } else {
        #expect(isAccepted == one.isValid, "\(one.name): \(isAccepted ? "accepted" : "refused")")
      }
    }
    print("Wycheproof through signet jose: \(cases.count) cases, \(different) valid ones refused as a policy")
    #expect(cases.count >= 490)
  }

  private static func cases() throws -> [Case] {
    let document = try JSON(text(ofFile: try #require(file)))
    return (document["cases"]?.array ?? []).filter { $0["exclude"] == .null }.map { value in
      Case(
        name: "\(value["file"]?.string ?? "") \(value["tcId"]?.integer ?? 0)",
        command: value["kind"]?.string == "jwe" ? "decrypt" : "verify",
        token: value["token"]?.string ?? value["token"]?.text ?? "", key: value["key"]?.text ?? "",
        isValid: value["result"]?.string == "valid", plaintext: value["pt"]?.string)
    }
  }

  /// Whether it asks for what Signet doesn't have on purpose; the reasons stand with the unit tests of the same cases.
  private static func isRefusedByPolicy(_ one: Case) -> Bool {
    guard one.command == "decrypt", let bytes = base64URLBytes(one.token.prefix { $0 != "." }),
      let header = try? JSON(String(decoding: bytes, as: UTF8.self))
    else { return false }
    let algorithms = ["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW", "dir", "A256KW"]
    let contents = ["A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512"]
    return !algorithms.contains(header["alg"]?.string ?? "") || !contents.contains(header["enc"]?.string ?? "")
      || header["zip"] != nil
  }

  private static let file: String? = {
    let folder = Programs.environment("SIGNET_VECTORS") ?? Programs.packageRoot + "/../shared/vectors"
    let path = folder + "/wycheproof_jose.json"
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }()
}
