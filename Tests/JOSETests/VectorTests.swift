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
    for value in cases where value["kind"]?.string == "jws" {
      // What Wycheproof's keeper excluded is labelled valid and isn't: two algorithms for one key, one that doesn't
      // exist, characters outside of base64url.
      let isValid = value["result"]?.string == "valid" && value["exclude"] == .null
      let error = try refusal(value)
      #expect((error == nil) == isValid, "\(name(value)): \(error?.description ?? "accepted")")
      if error == nil { accepted += 1 } else { refused += 1 }
    }
    print("Wycheproof JWS: \(accepted) accepted, \(refused) refused as they should be; no policy of ours differs")
    #expect(accepted >= 41 && refused >= 340)
  }

  /// Why the token is refused; nil when it is good.
  private func refusal(_ value: JSONValue) throws -> JOSEError? {
    let key = try #require(value["key"])
    let token = try token(value)
    let members = key["keys"]?.array ?? [key]
    do throws(JOSEError) {
      var keys: [PublicJWK] = []
      for member in members where member["kty"]?.string != "oct" { keys.append(try PublicJWK(member)) }
      var macKeys: [MACKey] = []
      for member in members where member["kty"]?.string == "oct" { macKeys.append(try MACKey(member)) }
      if !macKeys.isEmpty {
        _ = try MACVerifier(keys: macKeys, size: 1 << 20).verify(compact: token, type: nil)
        return nil
      }
      _ = try TokenVerifier(keys: keys, size: 1 << 20).verify(compact: token, type: nil)
      return nil
    } catch { return error }
  }

  /// The compact serialization; one case holds a JSON serialization, which is fed as it is.
  private func token(_ value: JSONValue) throws -> [UInt8] {
    let token = try #require(value["token"])
    if let text = token.string { return Array(text.utf8) }
    var writer = JSONWriter()
    token.write(into: &writer)
    return writer.bytes
  }

  private func name(_ value: JSONValue) -> String {
    "\(value["file"]?.string ?? "") \(value["tcId"]?.integer ?? 0) \(value["comment"]?.string ?? "")"
  }
}
