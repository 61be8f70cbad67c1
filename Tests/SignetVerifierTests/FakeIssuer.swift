// An issuer without a network: it signs tokens, publishes what a test says, is slow or down, and counts who asks.

import JOSE
import JSON
import SignetVerifier
import Threads

/// Keys, tokens and fetches of one issuer.
final class FakeIssuer: KeySetFetching {
  static let name = "https://login.example.com"

  private struct State {
    var answer: Result<KeySetAnswer, FetchProblem>
    var isHeld = false
    var held: [CheckedContinuation<Void, Never>] = []
    var fetches = 0
    var atOnce = 0
    var mostAtOnce = 0
    var tags: [String?] = []
  }

  let time = FakeTime()
  private let state: Monitor<State>

  /// Publishes one key at first.
  init(_ keys: SigningKey...) {
    state = Monitor(State(answer: .success(Self.answer(keys))))
  }

  static func answer(_ keys: [SigningKey], maxAge: Int64? = 300, entityTag: String? = nil) -> KeySetAnswer {
    KeySetAnswer(.document(document(keys)), entityTag: entityTag, maxAge: maxAge)
  }

  static func document(_ keys: [SigningKey]) -> [UInt8] {
    var writer = JSONWriter()
    try? JWKSet(keys.map(\.publicJWK)).write(into: &writer)
    return writer.bytes
  }

  func publish(_ keys: SigningKey..., maxAge: Int64? = 300, entityTag: String? = nil) {
    publish(Self.answer(keys, maxAge: maxAge, entityTag: entityTag))
  }

  func publish(_ answer: KeySetAnswer) { state.withLock { $0.answer = .success(answer) } }

  func publish(text: String) { publish(KeySetAnswer(.document(Array(text.utf8)), maxAge: 300)) }

  func goDown() { state.withLock { $0.answer = .failure(FetchProblem(.unreachable, "it is down")) } }

  /// Lets fetches wait from now on.
  func hold() { state.withLock { $0.isHeld = true } }

  /// Answers those that wait, and makes none wait any more.
  func release() {
    let held = state.withLock { state in
      state.isHeld = false
      defer { state.held = [] }
      return state.held
    }
    for waiter in held { waiter.resume() }
  }

  var fetches: Int { state.withLock { $0.fetches } }
  var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }
  /// The entity tags that were sent.
  var tags: [String?] { state.withLock { $0.tags } }

  func fetch(entityTag: String?) async throws(FetchProblem) -> KeySetAnswer {
    state.withLock { state in
      state.fetches += 1
      state.atOnce += 1
      state.mostAtOnce = max(state.mostAtOnce, state.atOnce)
      state.tags.append(entityTag)
    }
    await withCheckedContinuation { waiter in
      let isHeld = state.withLock { state in
        if state.isHeld { state.held.append(waiter) }
        return state.isHeld
      }
      if !isHeld { waiter.resume() }
    }
    return try state.withLock { state in
      state.atOnce -= 1
      return state.answer
    }.get()
  }

  /// A verifier of this issuer's tokens, by its clock.
  func verifier(_ change: (inout VerifierOptions) -> Void = { _ in }) throws -> SignetVerifier {
    var options = VerifierOptions()
    options.time = time
    change(&options)
    return try SignetVerifier(issuer: Self.name, audience: "api", keys: .fetching(self), options: options)
  }

  /// A token that is good for a day, with some claims replaced by other JSON, or by nothing.
  func token(_ key: SigningKey, type: String = "at+jwt", _ changes: [String: String?] = [:]) throws -> String {
    let claims: [String: String?] = [
      "iss": "\"\(Self.name)\"", "sub": "\"ada\"", "aud": "\"api\"", "exp": "\(time.now + 86_400)",
      "iat": "\(time.now)",
      "jti": "\"t1\"", "client_id": "\"signet\"",
    ]
    let members = claims.merging(changes) { $1 }.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }
    return try Self.sign(Array("{\(members.joined(separator: ","))}".utf8), key, type: type)
  }

  static func sign(_ payload: [UInt8], _ key: SigningKey, type: String = "at+jwt") throws -> String {
    var token: [UInt8] = []
    try TokenSigner(key: key, type: type).sign(payload: payload, into: &token)
    return String(decoding: token, as: UTF8.self)
  }
}

/// Keys made once: RSA takes its time, and what they are is no matter.
enum TestKeys {
  static let one = Result { try SigningKey.generate(.es256) }
  static let two = Result { try SigningKey.generate(.es256) }
}

/// Waits until `condition` holds; the deadline is for failures alone.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
  for _ in 0..<6000 {
    if try await condition() { return }
    try await Task.sleep(for: .milliseconds(5))
  }
  throw NeverHappened(what: what)
}

struct NeverHappened: Error { let what: String }
