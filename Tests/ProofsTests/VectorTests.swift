// The examples of RFC 9449, from the folder that SIGNET_VECTORS names (default: ../shared/vectors beside the package).

import Glibc
import JOSE
import JSON
import Proofs
import Testing

@Suite struct VectorTests {
  private static let packageRoot = String(#filePath.dropLast("/Tests/ProofsTests/VectorTests.swift".count))

  @Test func examples() throws {
    let folder = getenv("SIGNET_VECTORS").map { String(cString: $0) } ?? Self.packageRoot + "/../shared/vectors"
    guard let file = read(folder + "/rfc9449_dpop.json") else {
      print("SKIPPED: no rfc9449_dpop.json in \(folder); set SIGNET_VECTORS to the folder of test vectors")
      return
    }
    let cases = try #require(try JSONValue.parse(file)["cases"]?.array)
    var proofs = 0
    for value in cases {
      let jwt = try #require(value["jwt"]?.string), payload = try #require(value["payload"])
      let isProof = value["header"]?["typ"]?.string == "dpop+jwt"
      let time = (payload["iat"] ?? payload["nbf"])?.integer.map { $0 * 1000 } ?? 0
      let side = try Side(startedAt: time - 120_000)
      let token = payload["ath"].map { _ in "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU" }
      let (method, uri) = (payload["htm"]?.string ?? "", payload["htu"]?.string ?? "")
      let jkt = value["jkt"]?.string.flatMap { try? Base64URL.decode($0) }
      let refusal = side.refusal(jwt, method: method, uri: uri, token: token, boundTo: jkt, at: time)
      #expect(refusal == (isProof ? nil : .malformed(.invalidHeader)))
      guard isProof else { continue }
      proofs += 1
      #expect(side.refusal(jwt, method: method, uri: uri, token: token, boundTo: jkt, at: time) == .replayed)
      #expect(side.refusal(jwt, method: method, uri: uri, token: "another", at: time) == .accessToken)
      #expect(side.refusal(jwt, method: "PUT", uri: uri, at: time) == .method)
      #expect(side.refusal(jwt, method: method, uri: uri + "x", at: time) == .uri)
      #expect(side.refusal(jwt, method: method, uri: uri, at: time + 60_001) == .tooOld)
    }
    #expect(proofs >= 3)
  }

  private func read(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
    return bytes
  }
}
