// An assertion (RFC 7523) on its way into the list of those that were taken.

/// A client's assertion that is about to be taken. Times are milliseconds since 1970.
package struct TakenAssertion: Sendable {
  /// A digest over the client and the assertion's `jti`, 32 bytes.
  package let id: [UInt8]
  /// From when on it would be refused as expired.
  package let until: Int64
  package let now: Int64
  /// Whether some that have expired are forgotten; not before the clock has settled, since one set right could make them
  /// good again.
  package let forgets: Bool

  package init(id: [UInt8], until: Int64, now: Int64, forgets: Bool) {
    (self.id, self.until, self.now, self.forgets) = (id, until, now, forgets)
  }
}
