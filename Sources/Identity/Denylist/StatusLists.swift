// Token status lists (draft-ietf-oauth-status-list-21): a bit for each session that has a place, set once its tokens are
// denied. A service fetches a whole list now and then, and asks about nobody.
//
// A place is never given out again, so a bit that is set may stay: no good token names it. Nothing is read before somebody
// asks for a list. What is made is kept until the list changes, so that strangers cost a look into a dictionary.

import JOSE
import JSON
import Storage
import Zlib

/// The process's status lists.
package actor StatusLists {
  /// Seconds for which a list may be kept; with `rest`, how long a service may take a token that was denied.
  package static let ttl: Int64 = 5
  /// Seconds after which a list isn't to be relied on, when a service can't get another.
  private static let life: Int64 = 300
  /// Milliseconds for which a list that has changed isn't made anew.
  private static let rest: Int64 = 1000
  /// Milliseconds after which one that hasn't is signed anew, well within its life.
  private static let age: Int64 = 60_000
  /// Rows of the denylist that are read at once.
  private static let page = 4096

  private let store: any Store
  private let denylist: Denylist
  private var bits: [Int64: StatusBits] = [:]
  /// Lists that have changed since they were made.
  private var changed: Set<Int64> = []
  private var made: [Int64: StatusListToken] = [:]
  private var reading: Task<Result<Void, StoreError>, Never>?
  private var following: Task<Void, Never>?
  /// How many lists there are, and when that was asked of the store.
  private var (count, countedAt): (Int64, Int64?) = (0, nil)

  init(_ store: any Store, _ denylist: Denylist) { (self.store, self.denylist) = (store, denylist) }

  /// Ends what goes on in the background.
  package func stop() { following?.cancel() }

  static func uri(of list: Int64, _ issuer: String) -> String { "\(issuer)/v1/status/\(list)" }

  /// The place that a token of this issuer's names in its claims; nil where it names none.
  static func place(in claims: [UInt8], _ issuer: String) -> StatusPlace? {
    guard let reference = (try? JSONValue.parse(claims))?["status"]?["status_list"],
      let index = reference["idx"]?.integer, let uri = reference["uri"]?.string
    else { return nil }
    let start = Self.uri(of: 0, issuer).dropLast()
    guard uri.utf8.starts(with: start.utf8),
      let list = Int64(String(decoding: uri.utf8.dropFirst(start.utf8.count), as: UTF8.self))
    else { return nil }
    return StatusPlace(list: list, index: Int(index))
  }

  /// The list as it is to be served; nil when there is no such list.
  package func token(_ list: Int64, _ authority: Authority) async throws(Refusal) -> StatusListToken? {
    do throws(StoreError) {
      guard try await exists(list, authority) else { return nil }
      try await read()
    } catch {
      throw Refusal(error)
    }
    let now = authority.clock.elapsed
    let snapshot = authority.snapshot
    let kid = snapshot.ring.signing[snapshot.ring.algorithm]?.kid
    if let made = made[list], made.kid == kid, now - made.madeAt < Self.age,
      !changed.contains(list) || now - made.madeAt < Self.rest
    {
      return made
    }
    let seconds = authority.clock.moment().now / 1000
    let token = try make(list, snapshot, seconds, at: now)
    made[list] = token
    changed.remove(list)
    return token
  }

  /// The store is asked once a second at most, however many lists that aren't there strangers ask for. The one after the
  /// last counts as there: a session may have begun it since.
  private func exists(_ list: Int64, _ authority: Authority) async throws(StoreError) -> Bool {
    let now = authority.clock.elapsed
    if list >= count, countedAt.map({ now - $0 >= 1000 }) ?? true {
      countedAt = now
      let places = try await store.statusPlaces()
      count = places == 0 ? 0 : StatusPlace(places - 1).list + 1
    }
    guard count > 0 || authority.snapshot.policy.statusLists else { return false }
    return (0...count).contains(list)
  }

  /// Reads the denylist, the first time, and follows it from then on.
  private func read() async throws(StoreError) {
    if following != nil { return }
    let task = reading ?? Task { await self.readAll() }
    reading = task
    let result = await task.value
    reading = nil
    try result.get()
  }

  private func readAll() async -> Result<Void, StoreError> {
    var last: Int64 = 0
    do throws(StoreError) {
      while true {
        let rows = try await store.denials(after: last, limit: Self.page)
        take(rows)
        last = rows.last?.sequence ?? last
        if rows.count < Self.page { break }
      }
    } catch {
      return .failure(error)
    }
    following = Task { [denylist, last] in await denylist.follow(after: last) { rows in self.take(rows) } }
    return .success(())
  }

  private func take(_ rows: [Denial]) {
    for place in rows.compactMap(\.status) {
      bits[place.list, default: StatusBits()].set(place.index)
      changed.insert(place.list)
    }
  }

  /// Section 5.1.
  private func make(
    _ list: Int64, _ snapshot: Snapshot, _ seconds: Int64, at elapsed: Int64
  ) throws(Refusal) -> StatusListToken {
    do {
      guard let key = snapshot.ring.signing[snapshot.ring.algorithm] else { throw JOSEError.unknownKey }
      var json = JSONWriter()
      json.beginObject()
      json.member("iss", snapshot.policy.issuer)
      json.member("sub", Self.uri(of: list, snapshot.policy.issuer))
      json.member("iat", seconds)
      json.member("exp", seconds + Self.life)
      json.member("ttl", Self.ttl)
      json.name("status_list")
      json.beginObject()
      json.member("bits", 1)
      json.member("lst", try (bits[list] ?? StatusBits()).encoded())
      json.endObject()
      json.endObject()
      var token: [UInt8] = []
      try TokenSigner(key: key, type: "statuslist+jwt").sign(payload: json.bytes, into: &token)
      return StatusListToken(text: token, kid: key.kid, madeAt: elapsed)
    } catch {
      throw Refusal(.serverError, cause: "status_list: \(error)")
    }
  }
}

/// A list's bits (section 4.1): from the lowest of the first byte on.
struct StatusBits {
  private(set) var bytes: [UInt8]

  init(count: Int = 1 << StatusPlace.power) { bytes = [UInt8](repeating: 0, count: count / 8) }

  mutating func set(_ index: Int) { bytes[index / 8] |= 1 << UInt8(index % 8) }

  /// As `lst` has them (section 4.2).
  func encoded() throws(ZlibError) -> String { Base64URL.encode(try Zlib.shared.get().compress(bytes)) }
}

/// A signed status list.
package struct StatusListToken: Sendable {
  /// The token's characters.
  package let text: [UInt8]
  let kid: String
  /// Milliseconds of the clock that never jumps.
  let madeAt: Int64
}
