// The public keys that a client registers, by value: nothing is ever fetched from a URL that somebody named.

import JOSE
package import JSON

/// A client's keys on their way into the store.
package struct ClientKeySet: Sendable {
  private let set: JWKSet

  /// Keys that a client may have: one in use and the next, for several machines.
  private static let limit = 20
  /// Bytes that the set's JSON may have.
  private static let size = 65_536
  /// Bytes that a kid may have.
  private static let kidLimit = 128
  /// What a private or symmetric key has (RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1, RFC 8037 section 2, RFC 9964).
  private static let privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"]

  /// Takes what an operator brings, where each key has to be good.
  package init(registering value: JSONValue) throws(ClientError) {
    guard let members = value["keys"]?.array else {
      throw Self.error("it isn't a JWK Set (RFC 7517 section 5), which is an object with the member keys")
    }
    guard (1...Self.limit).contains(members.count) else { throw Self.error("it has not 1 to \(Self.limit) keys") }
    var keys: [PublicJWK] = []
    for (index, member) in members.enumerated() {
      if member["kty"]?.string == "oct" {
        throw Self.error("key \(index + 1) is symmetric, so the issuer could sign for the client; give public keys")
      }
      guard !Self.privateMembers.contains(where: { member[$0] != nil }) else {
        throw Self.error(
          "key \(index + 1) is private; give its public members alone, and keep the others at the client")
      }
      do { keys.append(try PublicJWK(member)) } catch {
        throw Self.error("key \(index + 1) can't verify signatures: \(error)")
      }
      if let kid = keys.last?.kid, kid.utf8.count > Self.kidLimit || !kid.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) {
        throw Self.error("the kid of key \(index + 1) isn't 1 to \(Self.kidLimit) bytes of visible ASCII")
      }
    }
    do { set = try JWKSet(keys) } catch { throw Self.error("\(error)") }
  }

  /// The set that a row holds.
  init(stored text: String) throws(ClientError) {
    guard let value = try? JSONValue.parse(Array(text.utf8), depth: 8, size: Self.size) else {
      throw Self.error("it isn't JSON")
    }
    try self.init(registering: value)
  }

  /// The JSON to keep: the members that decide something, and nothing else of what was brought.
  package var text: String {
    var json = JSONWriter()
    set.write(into: &json)
    return String(decoding: json.bytes, as: UTF8.self)
  }

  private static func error(_ why: String) -> ClientError { ClientError("jwks", why) }
}
