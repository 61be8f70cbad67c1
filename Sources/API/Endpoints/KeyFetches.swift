// Who fetches the JWK Set, as one event loop remembers it, so that an operator can see which services know a key before it
// signs.
//
// The JWK Set is the most wanted document, so a fetch by a party that was seen lately costs a hash and a comparison. The table
// is of a fixed size: who falls on a taken place takes it, and is told of once more than necessary.

import HTTPServer
import Identity

/// One loop's table of fetches.
final class KeyFetches {
  private struct Slot {
    var hash = 0
    /// Milliseconds of the clock that never jumps.
    var at = Int.min
  }

  private var slots = [Slot](repeating: Slot(), count: 256)
  private var mark = ""

  /// Other keys are published from now on: everybody is news again.
  func begin(_ mark: String) {
    guard mark != self.mark else { return }
    self.mark = mark
    for index in slots.indices { slots[index] = Slot() }
  }

  /// Notes a fetch.
  func note(_ exchange: Exchange, _ authority: Authority) {
    var hasher = Hasher()
    exchange.hashClient(into: &hasher)
    // A stranger chooses its length.
    exchange.withField(.userAgent) { hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0.prefix(512))) }
    let (hash, now) = (hasher.finalize(), exchange.arrivedAt)
    let index = hash & (slots.count - 1)
    if slots[index].hash == hash, slots[index].at > now - Sightings.silence { return }
    let noted = authority.sightings.add(
      exchange.address, prefix: exchange.addressPrefix, userAgent: exchange.field(.userAgent),
      at: authority.clock.moment().now)
    if noted { slots[index] = Slot(hash: hash, at: now) }
  }
}
