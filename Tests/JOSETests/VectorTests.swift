// Wycheproof's JWS cases, from the folder that SIGNET_VECTORS names (default: ../shared/vectors beside the package).

import Glibc
import JOSE
import JSON
import Testing

@Suite struct VectorTests {
  @Test func wycheproof() throws {
    let folder = environment("SIGNET_VECTORS") ?? packageRoot + "/../shared/vectors"
    guard let file = readFile(folder + "/wycheproof_jose.json") else {
      print("SKIPPED: no wycheproof_jose.json in \(folder); set SIGNET_VECTORS to the folder of test vectors")
      return
    }
    let cases = try #require(try JSONValue.parse(file, size: 64 << 20)["cases"]?.array)
    var accepted = 0
    var refused = 0
    for value in cases where value["kind"]?.string == "jws" && value["exclude"] == .null {
      let isValid = value["result"]?.string == "valid"
      do {
        try verify(value)
        #expect(isValid, "accepted: \(name(value))")
        accepted += 1
      } catch JOSEError.unsupportedKey {
        continue
      } catch {
        #expect(!isValid, "refused (\(error)): \(name(value))")
        refused += 1
      }
    }
    print("Wycheproof JWS: \(accepted) accepted, \(refused) refused as they should be")
    #expect(accepted >= 10 && refused >= 200)
  }

  private func verify(_ value: JSONValue) throws {
    let key = try #require(value["key"])
    let keys = key["keys"] == nil ? [try PublicJWK(key)] : try JWKSet(key).keys
    guard !keys.isEmpty else { throw JOSEError.unsupportedKey }
    let token = try #require(value["token"]?.string)
    _ = try TokenVerifier(keys: keys, size: 1 << 20).verify(compact: Array(token.utf8), type: nil)
  }

  private func name(_ value: JSONValue) -> String {
    "\(value["file"]?.string ?? "") \(value["tcId"]?.integer ?? 0) \(value["comment"]?.string ?? "")"
  }
}
