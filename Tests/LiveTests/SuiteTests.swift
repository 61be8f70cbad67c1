// TLS as outsiders' suites judge it: testssl.sh and tlsfuzzer. They take minutes and are fetched by `make test-long`,
// so only the long run has them; each test says when its suite is missing.

import Foundation
import Testing

@Suite(.serialized) struct SuiteTests {
  @Test(.needsTestssl, arguments: [["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ["rsa:2048"]])
  func testsslFindsNothingAboveLow(key: [String]) async throws {
    let folder = try Folder()
    let (pair, authority) = try await Self.issue(folder, key: key)
    try await withServer(pair.settings) { server in
      let findings = folder.path + "/findings.json"
      let target = "https://localhost:\(try server.securePort)"
      // It asks neither the DNS nor anybody else: the address is given, and it phones out only when told to.
      let options = ["--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip", "127.0.0.1"]
      _ = try await Self.run(
        "testssl", options + ["--add-ca", authority.certificate, "--jsonfile", findings, target], folder: folder)
      let list = try JSON(String(contentsOfFile: findings, encoding: .utf8)).array ?? []
      #expect(list.count > 100)
      for finding in list where ["MEDIUM", "HIGH", "CRITICAL", "FATAL"].contains(finding["severity"]?.string) {
        Issue.record("\(finding["id"]?.string ?? ""): \(finding["finding"]?.string ?? "")")
      }
    }
  }

  @Test(.needsTLSFuzzer, arguments: Self.scripts)
  func tlsfuzzerAgrees(script: String, arguments: [String]) async throws {
    let folder = try Folder()
    let (pair, _) = try await Self.issue(folder, key: ["rsa:2048"])
    try await withServer(pair.settings) { server in
      let root = try #require(Programs.tlsfuzzer)
      let call = ["\(root)/tlsfuzzer/scripts/test-\(script).py", "-h", "127.0.0.1", "-p", "\(try server.securePort)"]
      let finished = try await Self.run(
        "\(root)/bin/python", call + arguments, environment: ["PYTHONPATH": "\(root)/tlsfuzzer"], folder: folder)
      #expect(finished.status == 0, "\(finished.output.suffix(2000))\(finished.errors.suffix(2000))")
    }
  }

  private static let suite = ["-C", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]

  /// Those that judge what is offered here. Left out: what needs groups, suites or versions that are not offered on
  /// purpose, an echo server or another certificate, and scripts whose verdict is about OpenSSL's choice of alert.
  static let scripts: [(String, [String])] =
    [
      ("tls13-0rtt-garbage", ["handshake with invalid 0-RTT", "handshake with invalid 0-RTT and HRR"]),
      ("tls13-count-tickets", ["-t", "2"]), ("tls13-large-number-of-extensions", ["--supgroup", "-n", "4"]),
      // The message is longer than its type allows; OpenSSL says which parameter is illegal.
      ("tls13-keyupdate", ["-x", "large KeyUpdate message", "-X", "illegal_parameter"]),
      ("tls13-finished", longFinished), ("large-hello", ["-d", "-n", "20"]), ("cve-2016-7054", []),
      ("sslv2-connection", []),
    ]
    + [
      "ccs", "connection-abort", "conversation", "empty-alert", "finished-plaintext", "hrr", "invalid-ciphers",
      "keyshare-omitted", "nociphers", "pkcs-signature", "record-padding", "rsa-signatures",
      "signature-algorithms", "unencrypted-alert", "zero-content-type", "zero-length-data",
    ].map { ("tls13-" + $0, []) }
    + [
      "ccs", "connection-abort", "conversation", "cve-2016-6309", "early-application-data", "fuzzed-ciphertext",
      "hello-request-by-client", "interleaved-CKE-with-CCS", "invalid-client-hello-w-record-overflow",
      "record-layer-fragmentation", "renegotiation-disabled", "version-numbers", "zero-length-data",
      "ecdhe-rsa-key-exchange-with-bad-messages",
    ].map { ($0, suite) }

  /// What is longer than any Finished can be OpenSSL refuses unread, by another alert than the script's.
  private static let longFinished = [
    ("TLS_AES_128_GCM_SHA256", [48, 16348], [48, 16348, 131_072, 196_608, 16_777_183]),
    ("TLS_AES_256_GCM_SHA384", [32, 48, 16332], [32, 48, 16332, 131_072, 196_608, 16_777_167]),
  ].flatMap { cipher, left, right in
    (left.map { "pad_left \($0), pad_right 0" } + right.map { "pad_left 0, pad_right \($0)" })
      .flatMap { ["-x", "padding - cipher \(cipher), pad_byte 0, \($0)", "-X", "illegal_parameter"] }
  }

  /// Runs a program that may take a quarter of an hour.
  private static func run(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], folder: Folder
  ) async throws -> Finished {
    let child = try Child(program, arguments, environment: environment, folder: folder)
    do {
      let status = try await eventually("\(program) ends", within: 900) { await child.exitStatus() }
      return Finished(status: status, output: child.standardOutput, errors: child.standardError)
    } catch {
      await child.destroy()
      throw error
    }
  }

  /// A certificate nobody could find fault with, and its authority.
  private static func issue(
    _ folder: Folder, key: [String]
  ) async throws -> (server: TestCertificate, authority: TestCertificate) {
    func make(_ name: String, _ extensions: [String], _ options: [String]) async throws -> TestCertificate {
      let made = TestCertificate(certificate: "\(folder.path)/\(name).pem", key: "\(folder.path)/\(name).key")
      let arguments = ["req", "-x509", "-newkey"] + key + ["-nodes", "-days", "90", "-subj", "/CN=\(name)"] + options
      let finished = try await Finished.run(
        "openssl",
        arguments + ["-keyout", made.key, "-out", made.certificate] + extensions.flatMap { ["-addext", $0] },
        folder: folder)
      guard finished.status == 0 else { throw HarnessError("openssl req: \(finished)") }
      return made
    }
    let authority = try await make(
      "authority", ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"], [])
    let server = try await make(
      "localhost",
      [
        "basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature", "extendedKeyUsage=serverAuth",
        "subjectAltName=DNS:localhost,IP:127.0.0.1", "crlDistributionPoints=URI:http://127.0.0.1/crl",
      ], ["-CA", authority.certificate, "-CAkey", authority.key])
    return (server, authority)
  }
}

extension Programs {
  /// The folder that `make test-long` fills; nil outside the long run, or when it couldn't be filled.
  static let tlsfuzzer = isLong ? environment("SIGNET_TLSFUZZER") : nil
}

extension Trait where Self == ConditionTrait {
  /// Skips, and says so, without testssl.sh or outside the long run.
  static var needsTestssl: Self {
    .enabled(
      if: Programs.isLong && Programs.testssl != nil, "SKIPPED: testssl.sh is for make test-long, or isn't installed")
  }

  /// Skips, and says so, without tlsfuzzer or outside the long run.
  static var needsTLSFuzzer: Self {
    .enabled(if: Programs.tlsfuzzer != nil, "SKIPPED: tlsfuzzer is for make test-long, or couldn't be fetched")
  }
}
