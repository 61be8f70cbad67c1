// A row of the denylist as services read it, by the feed and from Redis: its name, and the members of its JSON object.

package import JSON
package import Storage

extension Denial {
  /// What is denied, as it stands in tokens: a `sid`, a `jti` or a `kid`.
  package var name: String {
    switch subject {
    case .session(let id, _): id.description
    case .token(let id): AccessToken.text(of: id)
    case .key(let kid): kid
    }
  }

  /// Whether everything of that name is denied; not so of a session that goes on after a change of the password.
  package var isWhole: Bool { if case .session(_, .some) = subject { false } else { true } }

  /// For how many milliseconds from now whoever has another clock is to heed it. While this one hasn't settled it may be ahead:
  /// until it has, at least; and once it was set it is to be asked again.
  package func life(at moment: Clock.Moment) -> Int64 {
    let left = expiresAt - moment.now
    return moment.settled > .min ? left : max(left, Clock.settling)
  }

  /// Writes the members that services read: `sid`, `jti` or `kid`; `aud` where it is of one audience alone; `exp`, when it can
  /// be forgotten. Of a session that goes on, those tokens are denied whose generation, the first four bytes of their `jti`,
  /// is less than `before_generation`; for who doesn't look into a `jti`, those issued before the second `before`: what was
  /// issued in the very second of the change stays good by that, since the change was answered with tokens of it.
  package func writeMembers(into json: inout JSONWriter) {
    switch subject {
    case .session(_, let validFrom):
      json.member("sid", name)
      if let validFrom {
        json.member("before", deniedAt / 1000)
        json.member("before_generation", Int64(validFrom))
      }
    case .token: json.member("jti", name)
    case .key: json.member("kid", name)
    }
    if let audience { json.member("aud", audience) }
    json.member("exp", (expiresAt + 999) / 1000)
  }
}
