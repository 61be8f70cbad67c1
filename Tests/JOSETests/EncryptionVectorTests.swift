// Wycheproof's JWE cases, from the folder that SIGNET_VECTORS names (default: ../shared/vectors beside the package).

import JOSE
import JSON
import Testing

@Suite struct EncryptionVectorTests {
  @Test func wycheproof() throws {
    let folder = environment("SIGNET_VECTORS") ?? packageRoot + "/../shared/vectors"
    guard let file = readFile(folder + "/wycheproof_jose.json") else {
      print("SKIPPED: no wycheproof_jose.json in \(folder); set SIGNET_VECTORS to the folder of test vectors")
      return
    }
    let cases = try #require(try JSONValue.parse(file, size: 64 << 20)["cases"]?.array)
    var (accepted, refused, different) = (0, 0, 0)
    for value in cases where value["kind"]?.string == "jwe" && value["exclude"] == .null {
      let file = try #require(value["file"]?.string)
      let number = try #require(value["tcId"]?.integer)
      let name = "\(file) \(number) \(value["comment"]?.string ?? "")"
      let difference = PolicyDifference.reason(file, number)
      do {
        let plaintext = try decrypt(value)
        #expect(value["result"]?.string == "valid" && difference == nil, "accepted: \(name)")
        if let expected = value["pt"]?.string { #expect(hex(plaintext) == expected, "\(name)") }
        accepted += 1
      } catch let error as JOSEError {
        #expect(value["result"]?.string == "invalid" || difference != nil, "refused (\(error)): \(name)")
        if difference == nil { refused += 1 } else { different += 1 }
      }
    }
    print("Wycheproof JWE: \(accepted) accepted, \(refused) refused as they should be, \(different) as a policy")
    #expect(accepted >= 18 && refused >= 57)
    #expect(different == PolicyDifference.encryption.reduce(0) { $0 + $1.cases.values.reduce(0) { $0 + $1.count } })
  }

  private func decrypt(_ value: JSONValue) throws -> [UInt8] {
    let key = try #require(value["key"])
    var keys: [DecryptionKey] = []
    for member in key["keys"]?.array ?? [key] { keys.append(try DecryptionKey(member)) }
    return try TokenDecrypter(keys: keys).decrypt(compact: token(value)).plaintext
  }

  /// The token, or the text of one in JSON, which is not compact.
  private func token(_ value: JSONValue) throws -> [UInt8] {
    let token = try #require(value["token"])
    if let text = token.string { return Array(text.utf8) }
    var writer = JSONWriter()
    token.write(into: &writer)
    return writer.bytes
  }

  private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
