// Hashes travel between Signet and argon2-cffi, an independent implementation of the same strings.

import Glibc
import Passwords
import Testing

@Suite struct InteroperabilityTests {
  private static let python = getenv("SIGNET_PYTHON").map { String(cString: $0) }
  private static let origin = Origin(knownDevice: false, addressPrefix: 1)

  /// What the script prints. The arguments reach it through the shell's quotes, so they hold no quote themselves.
  private func run(_ script: String, _ arguments: [String]) throws -> String {
    let python = try #require(Self.python)
    let words = ["-c", script] + arguments
    let command = ([python] + words).map { "'\($0)'" }.joined(separator: " ")
    let pipe = try #require(popen(command, "r"))
    var output: [UInt8] = []
    while case let byte = fgetc(pipe), byte != EOF { output.append(UInt8(truncatingIfNeeded: byte)) }
    #expect(pclose(pipe) == 0)
    return String(decoding: output, as: UTF8.self)
  }

  @Test(.enabled(if: python != nil, "SIGNET_PYTHON names no Python with argon2-cffi: run make setup"))
  func theirsAreAccepted() async throws {
    let pool = HashingPool(threads: 2, queue: 64, deadline: 60_000, parameters: .standard)
    let script = """
      import argon2, sys
      for m, t, p, salt, tag in [(19456, 2, 1, 16, 32), (64, 1, 1, 8, 16), (256, 3, 1, 24, 64), (4096, 3, 4, 16, 32)]:
          print(argon2.PasswordHasher(t, m, p, tag, salt).hash(sys.argv[1]))
      """
    let lines = try run(script, ["pässword"]).split(separator: "\n").map(String.init)
    #expect(lines.count == 4)
    for (line, current) in zip(lines, [true, false, false, false]) {
      let hash = try PasswordHash(phc: line)
      #expect(hash.phc == line)
      let password = Array("pässword".utf8)
      #expect(try await pool.verify(password, against: hash, origin: Self.origin) == .match(rehash: !current))
      #expect(try await pool.verify(password + [0], against: hash, origin: Self.origin) == .mismatch)
    }
  }

  @Test(
    .enabled(if: python != nil, "SIGNET_PYTHON names no Python with argon2-cffi: run make setup"), arguments: [1, 4])
  func oursAreAccepted(lanes: Int) async throws {
    let parameters = try Argon2Parameters(memoryKiB: 1_024, iterations: 2, parallelism: lanes)
    let pool = HashingPool(threads: 1, queue: 64, deadline: 60_000, parameters: parameters)
    let hash = try await pool.hash(Array("pässword".utf8), origin: Self.origin)
    let script = """
      import argon2, sys
      print(argon2.PasswordHasher().verify(sys.argv[1], sys.argv[2]))
      try: argon2.PasswordHasher().verify(sys.argv[1], "other")
      except argon2.exceptions.VerifyMismatchError: print("refused")
      """
    #expect(try run(script, [hash.phc, "pässword"]) == "True\nrefused\n")
  }
}
