// What confidential clients ask of a server.

import Foundation

/// A client that authenticates.
struct Confidential: Sendable {
  let id: String
  let secret: String

  /// The field of HTTP Basic (RFC 6749 section 2.3.1); neither part needs an escape.
  var basic: (name: String, value: String) {
    ("Authorization", "Basic " + Data("\(id):\(secret)".utf8).base64EncodedString())
  }
}

extension LiveServer {
  /// Adds a confidential client with a secret, which the server then knows.
  func addResourceServer(_ id: String, _ options: [String] = []) async throws -> Confidential {
    let added = try await addConfidential(id, options)
    guard let secret = added["client_secret"]?.string else { throw HarnessError("no secret in \(added.text)") }
    return Confidential(id: id, secret: secret)
  }

  /// Sends a form.
  func ask(
    _ path: String, _ form: String, by client: Confidential?, accept: String? = nil
  ) async throws -> Answer {
    var request = Request.form(path, form)
    if let client { request.fields.append(client.basic) }
    if let accept { request.fields.append(("Accept", accept)) }
    return try await send(request)
  }

  /// What a client is told of a token.
  func introspect(_ token: String, by client: Confidential) async throws -> JSON {
    let answer = try await ask("/oauth2/introspect", "token=\(token)", by: client)
    guard answer.status == 200, answer.field("cache-control") == "no-store" else {
      throw HarnessError("introspection: \(answer)")
    }
    return try answer.json
  }

  /// A token that a client gets for itself.
  func token(for client: Confidential) async throws -> String {
    let answer = try await ask("/oauth2/token", "grant_type=client_credentials", by: client)
    guard let token = try answer.json["access_token"]?.string else { throw HarnessError("no token: \(answer)") }
    return token
  }
}
