// Holds config/signet.yaml and the table together.

import Configuration
import Glibc
import Testing

@Suite struct SampleTests {
  private static let path =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/config/signet.yaml"

  /// The sample with every setting switched on.
  private static var active: String {
    Table.sample().split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let indent = line.prefix { $0 == " " }
      let rest = line.dropFirst(indent.count)
      return rest.hasPrefix("#") && !rest.hasPrefix("# ") ? indent + rest.dropFirst() : line
    }.joined(separator: "\n")
  }

  @Test func theFileIsWhatTheTableWrites() throws {
    var file = try readAll(SampleTests.path)
    if file != Table.sample(), getenv("SIGNET_TEST_WRITE_SAMPLE") != nil {
      try writeAll(SampleTests.path, Table.sample())
      file = try readAll(SampleTests.path)
    }
    #expect(file == Table.sample(), "run the tests with SIGNET_TEST_WRITE_SAMPLE=1 to write config/signet.yaml anew")
  }

  @Test func aCopyChangesNothing() throws {
    let loaded = try load(file: SampleTests.path)
    #expect(loaded.settings == (try load()).settings)
    #expect(loaded.rows.allSatisfy { $0.origin == "default" })
  }

  @Test func everySettingOfTheSampleIsTheDefault() throws {
    let loaded = try loadText(SampleTests.active), standard = try load()
    let examples = [
      "issuer", "master_key_file", "tls.mode", "tls.certificate", "tls.key", "tls.client_ca", "server.loops",
      "hashing.threads", "store.url", "token.algorithms", "redis.url",
    ]
    let changes = Settings.changes(from: standard, to: loaded)
    #expect(Set(changes.reloadable + changes.needRestart) == Set(examples))
    // All but those that no file may hold.
    #expect(loaded.rows.filter { $0.origin == "default" }.map(\.key) == ["master_key", "master_key_previous"])
  }

  @Test func everyLineFits() {
    for line in Table.sample().split(separator: "\n") { #expect(line.count <= 130, "\(line)") }
  }

  private func readAll(_ path: String) throws -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  private func writeAll(_ path: String, _ text: String) throws {
    guard let file = fopen(path, "w") else { return }
    defer { fclose(file) }
    fputs(text, file)
  }
}
