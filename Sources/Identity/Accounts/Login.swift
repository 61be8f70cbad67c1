// Password login: the user, the hash, the session.
//
// Unknown user, wrong password and disabled user are one refusal, at one cost: an unknown user is hashed against a
// dummy, and a refusal leaves no earlier than the slowest scheme in the store would take.

import OpenSSL
import Passwords
import Storage
import Telemetry

/// A login as a client asks for it.
package struct LoginRequest: Sendable {
  package let username: String
  package let password: String
  package let clientID: String?
  package let scope: String?
  package let audience: String?
  /// A label for the list of sessions.
  package let device: String?
  package let deviceToken: String?
  /// What the request has proved.
  package var proven = Proven()

  package init(
    username: String, password: String, clientID: String? = nil, scope: String? = nil, audience: String? = nil,
    device: String? = nil, deviceToken: String? = nil
  ) {
    self.username = username
    self.password = password
    self.clientID = clientID
    self.scope = scope
    self.audience = audience
    self.device = device
    self.deviceToken = deviceToken
  }
}

extension Issuer {
  /// Logs in and begins a session.
  package func login(_ request: LoginRequest, from requester: Requester) async throws(Refusal) -> TokenAnswer {
    let client = try client(request.clientID, grant: "password")
    let scope = try scope(request.scope, of: client)
    let audience = try audience(request.audience, of: client)
    try check(request)
    let confirmation = try confirmation(for: client, request.proven)
    let (user, hash) = try await authenticate(request, from: requester)
    guard !isAdministration(audience) || isAdministrator(user) else {
      throw Refusal(.invalidTarget, cause: "no_administrator")
    }
    let new = session(for: user, client, scope, audience, confirmation, request.device, requester)
    let session = SessionRecord(new, claimsVersion: user.claimsVersion)
    try checkAnswer(SessionAndUser(session: session, user: user), scope: scope, now: new.now)
    let found: SessionAndUser?
    do {
      found = try await store.login(
        new, passwordHash: hash, maxPerUser: policy.maxSessionsPerUser, context: requester.context)
    } catch { throw Refusal(error) }
    guard let found else { throw Refusal(.invalidCredentials, cause: "changed_meanwhile") }
    counts.logins.add()
    var answer = try answer(found, scope: scope, issuedAt: new.now, now: new.now)
    answer.deviceToken = contexts.deviceTokens.make(for: user.id)
    return answer
  }

  private func check(_ request: LoginRequest) throws(Refusal) {
    guard Username(request.username) != nil else {
      throw Refusal(
        .invalidRequest("username must be 1 to \(Username.limit) bytes without control characters"), cause: "username")
    }
    guard (1...PasswordRule.limit).contains(request.password.utf8.count) else {
      throw Refusal(.invalidRequest("password must be 1 to \(PasswordRule.limit) bytes"), cause: "password")
    }
  }

  /// Finds the user and checks the password.
  /// - Returns: the user with the hash which the store now holds.
  private func authenticate(
    _ request: LoginRequest, from requester: Requester
  ) async throws(Refusal) -> (UserRecord, hash: String) {
    let began = authority.clock.elapsed
    let user: UserRecord?
    do { user = try await store.findUser(loginKey: Username.key(request.username)) } catch { throw Refusal(error) }
    let stored = user?.passwordHash.flatMap { try? PasswordHash(phc: $0) }
    let knownDevice = user.map { user in
      request.deviceToken.map { contexts.deviceTokens.isGood($0, for: user.id) } ?? false
    }
    let origin = Origin(knownDevice: knownDevice ?? false, addressPrefix: requester.addressPrefix)
    let password = PasswordRule.bytes(request.password)
    let verdict: Verdict
    do { verdict = try await authority.hashing.verify(password, against: stored, origin: origin) } catch {
      throw Refusal(error)
    }
    guard case .match(let rehash) = verdict, let user, let stored, user.isActive else {
      counts.loginRefusals.add()
      await waitForSlowest(since: began)
      throw Refusal(.invalidCredentials, cause: Self.cause(user, verdict))
    }
    return (user, rehash ? await self.rehash(user, stored, password, origin) : stored.phc)
  }

  private static func cause(_ user: UserRecord?, _ verdict: Verdict) -> String {
    guard let user else { return "unknown_user" }
    return verdict == .mismatch ? "wrong_password" : user.isActive ? "no_password" : "user_disabled"
  }

  /// By a timer, so that the wait costs nobody anything; on the clock that never jumps, lest a step makes it hours.
  func waitForSlowest(since began: Int64) async {
    let left = authority.hashing.slowestMilliseconds - Int(authority.clock.elapsed - began)
    if left > 0 { await sleep(left) }
  }

  /// Stores the password under today's parameters. A busy pool or store leaves it for the next login.
  private func rehash(_ user: UserRecord, _ old: PasswordHash, _ password: [UInt8], _ origin: Origin) async -> String {
    guard let new = try? await authority.hashing.hash(password, origin: origin) else { return old.phc }
    do {
      try await store.rehash(user.id, from: old.phc, to: new.phc)
      return new.phc
    } catch {
      return old.phc
    }
  }

  private func session(
    for user: UserRecord, _ client: ClientRecord, _ scope: String, _ audience: String,
    _ confirmation: Confirmation?, _ device: String?, _ requester: Requester
  ) -> NewSession {
    let now = moment().now
    let absolute = now + (client.absoluteTTL ?? policy.absoluteTTL)
    return NewSession(
      id: UniqueID(random: Random.bytes(16)), userID: user.id, clientID: client.id, scope: scope, audience: audience,
      amr: "pwd", now: now, idleDeadline: min(now + (client.idleTTL ?? policy.idleTTL), absolute),
      absoluteDeadline: absolute, addressPrefix: Int64(bitPattern: requester.addressPrefix),
      confirmation: confirmation?.stored, device: device.map { Label.text($0, limit: 256) }, address: requester.address,
      userAgent: requester.userAgent.map { Label.text($0, limit: 256) }, hasStatus: policy.statusLists)
  }
}

/// What strangers write about themselves, made fit to be kept and shown.
package enum Label {
  /// `text` without control and format characters, which could steer the terminal it is listed on, cut at a scalar so that
  /// it has `limit` bytes at most: one character may hold any number of them.
  package static func text(_ text: String, limit: Int) -> String {
    var result = String.UnicodeScalarView()
    var count = 0
    for scalar in text.unicodeScalars {
      let isSpace = scalar.properties.generalCategory == .spaceSeparator
      guard isSpace || Username.isAllowed(scalar) else { continue }
      let scalar = isSpace ? " " : scalar
      count += UTF8.width(scalar)
      guard count <= limit else { break }
      result.append(scalar)
    }
    return String(result)
  }
}
