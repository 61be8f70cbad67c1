// How a client says who it is at `/oauth2/*`: by exactly one of the ways of RFC 6749 section 2.3, RFC 7521 section 4.2 and
// RFC 8705 section 2. Which of them counts is for Identity to say; here they are told apart.

import HTTPServer
import Identity
import JOSE
import Storage

extension Endpoints {
  /// The client that sends the request: a confidential one by the method it is registered for, a public one by its
  /// `client_id` alone.
  func authenticatedClient(
    _ exchange: Exchange, _ form: FormBody
  ) async throws(Refusal) -> RegisteredClient {
    let credentials = try ClientCredentials(exchange, form)
    if let id = credentials.clientID { exchange.clientID = Label.text(id, limit: 64) }
    let client = try await issuer.authenticate(credentials)
    exchange.clientID = client.record.id
    return client
  }

  /// The confidential client that sends the request; a public one, which can't prove anything, is refused.
  func confidentialClient(
    _ exchange: Exchange, _ form: FormBody
  ) async throws(Refusal) -> RegisteredClient {
    let client = try await authenticatedClient(exchange, form)
    guard !client.record.isPublic else { throw Refusal(.invalidClient, cause: "public_client") }
    return client
  }
}

extension ClientCredentials {
  /// Whether a request says anything of a client.
  static func areThere(_ exchange: Exchange, _ form: FormBody) -> Bool {
    exchange.field(.authorization) != nil || Self.parameters.contains { form[$0] != nil }
  }

  private static let parameters = ["client_id", "client_secret", "client_assertion", "client_assertion_type"]

  init(_ exchange: Exchange, _ form: FormBody) throws(Refusal) {
    let basic = try Self.basic(exchange)
    let (secret, assertion) = (form["client_secret"], try Self.assertion(form))
    // RFC 6749 section 2.3: not more than one method in each request.
    guard [basic != nil, secret != nil, assertion != nil].count(where: { $0 }) <= 1 else {
      throw Refusal(.invalidRequest("the client authenticates in more than one way; use one"), cause: "two_methods")
    }
    let id = form["client_id"]
    if let basic {
      guard id == nil || id?.utf8.elementsEqual(basic.id.utf8) == true else {
        throw Refusal(.invalidRequest("client_id isn't the one of the Authorization field"), cause: "two_clients")
      }
      self.init(clientID: basic.id, proof: .secret(basic.secret, by: .basic))
    } else if let secret {
      guard let id else { throw Refusal(.invalidRequest("parameter client_id is missing"), cause: "missing_client_id") }
      self.init(clientID: id, proof: .secret(secret, by: .post))
    } else if let assertion {
      self.init(clientID: id, proof: .assertion(assertion))
    } else {
      guard let id else { throw Refusal(.invalidClient, cause: "no_client") }
      self.init(
        clientID: id,
        proof: .certificate(verified: exchange.verifiedCertificate, presented: exchange.presentedCertificate))
    }
  }

  /// RFC 7521 section 4.2: the assertion with its type, of which RFC 7523 section 2.2 has one.
  private static func assertion(_ form: FormBody) throws(Refusal) -> String? {
    let type = form["client_assertion_type"]
    guard let assertion = form["client_assertion"] else {
      guard type == nil else {
        throw Refusal(.invalidRequest("parameter client_assertion is missing"), cause: "missing_client_assertion")
      }
      return nil
    }
    guard type == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" else {
      throw Refusal(
        .invalidRequest("client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        cause: "assertion_type")
    }
    return assertion
  }

  /// RFC 6749 section 2.3.1: id and secret, each form-encoded, joined by a colon, in base64 (RFC 7617 section 2). Nil
  /// without the field; another scheme is no way for a client here.
  private static func basic(_ exchange: Exchange) throws(Refusal) -> (id: String, secret: String)? {
    guard let field = exchange.field(.authorization) else { return nil }
    guard let credentials = BasicCredentials.parse(field) else {
      throw Refusal(.invalidClient, cause: "malformed_authorization")
    }
    return credentials
  }
}

/// The credentials of the `Basic` scheme, as OAuth has them.
enum BasicCredentials {
  /// What the field's value says; nil unless it is wholly right.
  static func parse(_ field: String) -> (id: String, secret: String)? {
    let parts = field.utf8.split(separator: UInt8(ascii: " "), maxSplits: 1)
    guard parts.count == 2, String(parts[0])?.lowercased() == "basic" else { return nil }
    guard let bytes = decode(parts[1].drop { $0 == UInt8(ascii: " ") }) else { return nil }
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    guard let id = FormBody.decode(bytes[..<colon]), let secret = FormBody.decode(bytes[(colon + 1)...]) else {
      return nil
    }
    return id.isEmpty ? nil : (id, secret)
  }

  /// The bytes of base64 with its padding (RFC 4648 section 4).
  private static func decode(_ text: Substring.UTF8View) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    var characters = Array(text)
    for _ in 0..<2 where characters.last == UInt8(ascii: "=") { characters.removeLast() }
    for index in characters.indices {
      switch characters[index] {
      case UInt8(ascii: "+"): characters[index] = UInt8(ascii: "-")
      case UInt8(ascii: "/"): characters[index] = UInt8(ascii: "_")
      case UInt8(ascii: "-"), UInt8(ascii: "_"): return nil
      default: break
      }
    }
    return characters.withUnsafeBytes { try? Base64URL.decode($0) }
  }
}
