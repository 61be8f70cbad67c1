// What the feed has said is denied, for as long as such tokens could be taken. A value; its owner has the lock.

import JOSE
import JSON

/// Denied sessions, tokens and keys. Times are seconds since 1970.
struct DeniedTokens {
  /// 128 bits: what a `sid` or a `jti` of Signet's is.
  private struct Identifier: Hashable {
    let high: UInt64
    let low: UInt64
  }

  private struct Session {
    let expiresAt: Int64
    /// Tokens of this generation and of later ones are good; nil: none is.
    let firstGood: UInt32?
  }

  private let most: Int
  private var sessions: [Identifier: Session] = [:]
  private var tokens: [Identifier: Int64] = [:]
  private var keys: [String: Int64] = [:]
  /// At how many entries expired ones are looked for again: so each entry is looked at a few times in all.
  private var nextSweep = 1024

  init(most: Int) { self.most = most }

  var count: Int { sessions.count + tokens.count + keys.count }

  /// Whether a token is denied: alone, with its session, or with its key.
  func deny(sessionID: String?, jwtID: String, keyID: String) -> Bool {
    if !sessions.isEmpty, let id = sessionID.flatMap(Self.session), let session = sessions[id] {
      guard let firstGood = session.firstGood else { return true }
      // The generation is the beginning of a `jti`; one that isn't Signet's has none that is good.
      if Self.token(jwtID).map({ $0.high >> 32 < firstGood }) ?? true { return true }
    }
    if !tokens.isEmpty, let id = Self.token(jwtID), tokens[id] != nil { return true }
    return !keys.isEmpty && keys[keyID] != nil
  }

  /// Takes an event of the feed; one of a name that isn't known is passed over.
  mutating func take(_ event: ServerSentEvent, now: Int64) throws(FetchProblem) {
    switch event.name {
    case "denied", "key_revoked": break
    default: return
    }
    guard let value = try? JSONValue.parse(event.data), let expiresAt = value["exp"]?.integer else {
      throw Self.malformed
    }
    guard expiresAt >= now else { return }
    if event.name == "key_revoked" {
      guard let kid = value["kid"]?.string, kid.utf8.count <= 1024 else { throw Self.malformed }
      if keys[kid] == nil { try makeRoom(now) }
      keys[kid] = max(expiresAt, keys[kid] ?? 0)
    } else if let sid = value["sid"] {
      guard let id = sid.string.flatMap(Self.session) else { throw Self.malformed }
      if sessions[id] == nil { try makeRoom(now) }
      sessions[id] = Self.session(value, expiresAt, sessions[id])
    } else {
      guard let id = value["jti"]?.string.flatMap(Self.token) else { throw Self.malformed }
      if tokens[id] == nil { try makeRoom(now) }
      tokens[id] = max(expiresAt, tokens[id] ?? 0)
    }
  }

  /// What an event says of a session, with what was known of it. What can't be understood means every token.
  private static func session(_ event: JSONValue, _ expiresAt: Int64, _ known: Session?) -> Session {
    let said = event["before_generation"].flatMap { $0.integer.flatMap { UInt32(exactly: $0) } }
    guard let known else { return Session(expiresAt: expiresAt, firstGood: said) }
    return Session(
      expiresAt: max(expiresAt, known.expiresAt),
      firstGood: said.flatMap { said in known.firstGood.map { max(said, $0) } })
  }

  private static let malformed = FetchProblem(.badAnswer, "the feed holds an event that can't be read")

  /// Makes room for one that isn't held yet: a feed that begins anew tells what is held again.
  private mutating func makeRoom(_ now: Int64) throws(FetchProblem) {
    guard count >= min(nextSweep, most) else { return }
    // In place, since this holds up every verification and is due each second near the bound, when little has expired:
    // 2 ms with a million entries, where making the dictionaries anew took 150 ms.
    for id in sessions.filter({ $0.value.expiresAt < now }).keys { sessions[id] = nil }
    for id in tokens.filter({ $0.value < now }).keys { tokens[id] = nil }
    for id in keys.filter({ $0.value < now }).keys { keys[id] = nil }
    nextSweep = max(1024, 2 * count)
    guard count < most else {
      throw FetchProblem(
        .tooLarge, "more than \(most) sessions and tokens are denied; raise revocations.mostEntries")
    }
  }

  /// A UUID's 36 characters.
  private static func session(_ text: String) -> Identifier? {
    var words: (UInt64, UInt64) = (0, 0)
    var digits = 0
    guard text.utf8.count == 36 else { return nil }
    for byte in text.utf8 where byte != UInt8(ascii: "-") {
      guard let digit = digit(byte), digits < 32 else { return nil }
      if digits < 16 { words.0 = words.0 << 4 | digit } else { words.1 = words.1 << 4 | digit }
      digits += 1
    }
    return digits == 32 ? Identifier(high: words.0, low: words.1) : nil
  }

  private static func digit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
    default: nil
    }
  }

  /// 16 bytes in base64url.
  private static func token(_ text: String) -> Identifier? {
    guard text.utf8.count == 22, let bytes = try? Base64URL.decode(text), bytes.count == 16 else { return nil }
    let words = bytes.reduce(into: (UInt64(0), UInt64(0))) { $0 = ($0.0 << 8 | $0.1 >> 56, $0.1 << 8 | UInt64($1)) }
    return Identifier(high: words.0, low: words.1)
  }
}
