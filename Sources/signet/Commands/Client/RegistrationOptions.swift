// What `signet client add` and `change` say of a client, apart from what its tokens look like. Only what is named changes.

import API
import ArgumentParser
import Configuration
import Identity
import JOSE
import JSON
import Storage

/// The options that say what a client is and may ask for.
struct RegistrationOptions: ParsableArguments {
  @Option(help: "public (without a secret), or confidential, which authenticates.") var kind: String?

  @Option(
    name: [.customLong("authentication"), .customLong("auth")],
    help: ArgumentHelp(
      "How a confidential client authenticates: "
        + ClientAuthentication.Method.allCases.filter { $0 != .none }.map(\.rawValue).joined(separator: ", ") + ".",
      valueName: "method"))
  var authentication: String?

  @Option(
    help: ArgumentHelp(
      "Its public keys, for private_key_jwt and self_signed_tls_client_auth: a file with a JWK Set, or -.",
      valueName: "file"))
  var jwks: String?

  @Option(
    help: ArgumentHelp(
      "The name in its certificate, for tls_client_auth: dn:, dns:, uri:, ip: or email: and the value.",
      valueName: "name"))
  var tlsSubject: String?

  @Option(
    name: .customLong("grant"), help: "\(Grant.all.joined(separator: ", ")); may be repeated.") var grants: [String] =
      []
  @Option(name: .customLong("audience"), help: "An audience it may ask for, the first by default; may be repeated.")
  var audiences: [String] = []
  @Option(name: .customLong("scope"), help: "A scope value it may ask for; may be repeated.") var scopes: [String] = []
  @Option(
    name: .customLong("origin"), help: "An origin whose pages may use it, such as https://app.example; may be repeated."
  )
  var origins: [String] = []

  @Flag(help: "Drop the grants it has.") var noGrants = false
  @Flag(help: "Drop its audiences: it gets token.audience.") var noAudiences = false
  @Flag(help: "Drop the scopes it has.") var noScopes = false
  @Flag(help: "Drop the origins it has.") var noOrigins = false

  @Option(help: ArgumentHelp("How long its access tokens live, such as 5m, or default.", valueName: "duration"))
  var accessTtl: String?
  @Option(help: ArgumentHelp("How long a session of it may stay unused, or default.", valueName: "duration"))
  var idleTtl: String?
  @Option(help: ArgumentHelp("How long a session of it lives at most, or default.", valueName: "duration"))
  var absoluteTtl: String?

  @Flag(inversion: .prefixedNo, help: "Whether its tokens must be bound to a key by DPoP.") var requireDpop: Bool?
  @Flag(inversion: .prefixedNo, help: "Whether its tokens must be bound to its certificate.") var requireMtls: Bool?

  @Option(help: ArgumentHelp("jwt, or reference: opaque, for services that ask by introspection.", valueName: "form"))
  var tokenForm: String?

  /// What was said, as the admin API would be told.
  func members() throws -> [JSONMember] {
    var members: [JSONMember] = []
    func add(_ name: String, _ value: JSONValue?) { if let value { members.append(JSONMember(name, value)) } }
    func list(_ name: String, _ values: [String], _ isEmptied: Bool) throws {
      guard values.isEmpty || !isEmptied else {
        throw CommandFailure.usage("\(name): some are given and --no-\(name) too; choose one")
      }
      if !values.isEmpty || isEmptied { add(name, .array(values.map(JSONValue.string))) }
    }
    add("kind", kind.map(JSONValue.string))
    add("authentication", authentication.map(JSONValue.string))
    add("jwks", try jwks.map(Self.keys))
    add("tls_subject", tlsSubject.map(JSONValue.string))
    try list("grants", grants, noGrants)
    try list("audiences", audiences, noAudiences)
    try list("scopes", scopes, noScopes)
    try list("origins", origins, noOrigins)
    add("access_ttl", try Self.seconds("--access-ttl", accessTtl))
    add("idle_ttl", try Self.seconds("--idle-ttl", idleTtl))
    add("absolute_ttl", try Self.seconds("--absolute-ttl", absoluteTtl))
    add("require_dpop", requireDpop.map(JSONValue.bool))
    add("require_mtls", requireMtls.map(JSONValue.bool))
    add("token_form", tokenForm.map(JSONValue.string))
    return members
  }

  /// The seconds of a duration; null for default, nil when nothing was said.
  private static func seconds(_ option: String, _ text: String?) throws -> JSONValue? {
    guard let text else { return nil }
    if text == "default" { return .null }
    return .integer(Int64(try milliseconds(option, text) / 1000))
  }

  static func milliseconds(_ option: String, _ text: String) throws -> Int64 {
    guard let seconds = DurationOption.seconds(text), seconds < 1 << 40 else {
      throw CommandFailure.usage("\(option) takes a duration, such as 90s, 10m or 1h30m")
    }
    return Int64(seconds) * 1000
  }

  /// The JSON of a key set's file.
  private static func keys(_ path: String) throws -> JSONValue {
    let text: String
    do { text = try Input.text(path == "-" ? path : "@" + path) } catch {
      throw CommandFailure.usage("jwks: \((error as? CommandFailure)?.message ?? "\(error)")")
    }
    guard let value = try? JSONValue.parse(Array(text.utf8), depth: 8, size: 65_536) else {
      throw CommandFailure.usage("jwks: \(path) doesn't hold a JWK Set (RFC 7517), which is a JSON object")
    }
    return value
  }

  /// What `body` throws, as a failure of the command's user.
  static func checked<Result>(_ body: () throws(ClientError) -> Result) throws -> Result {
    do { return try body() } catch { throw CommandFailure.usage(error.description) }
  }
}

extension Workbench {
  /// What may be registered of clients under these settings.
  func clientRules() throws -> ClientRules {
    let token = settings.token
    let offers = token.algorithms.compactMap { SignatureAlgorithm(name: $0.rawValue) }
    guard let usual = SignatureAlgorithm(name: token.algorithm.rawValue) else {
      throw CommandFailure.usage("token.algorithm isn't known")
    }
    return ClientRules(
      issuer: settings.expectedIssuer, audience: token.audience, offers: offers, usual: usual,
      cookiesCrossSites: settings.cookie.sameSite == .none)
  }
}
