// What the server sees to of its keys: read and served, told of, rotated; and who fetches them.

import Configuration
import Identity
import JOSE
import Logging
import Storage

extension Server {
  /// Serves by the store's keys and clients and the policy in force from now on; false when they can't be read.
  func publish() async -> Bool {
    readings.begun += 1
    let turn = readings.begun
    do {
      var read: KeyReading.Outcome
      // A reload may change the policy while the store is being read.
      repeat { read = try await parts.keys.read(policy) } while read.snapshot.policy != policy
      // Another reading may have begun later and be published already: it knows more.
      guard turn > readings.published else {
        await parts.adopted()
        return true
      }
      readings.published = turn
      complaint = nil
      parts.authority.keyFailure = nil
      for note in read.notes { parts.log.notice("\(note)") }
      parts.authority.publish(read.snapshot)
      complain(of: read.snapshot)
      rotation.observe(read.snapshot)
      await parts.adopted()
      await tell(read)
      await notePublished(read.snapshot.ring)
      return true
    } catch {
      complain(error)
      return false
    }
  }

  /// What was in force stays in force.
  private func complain(_ error: any Error) {
    if case .noActiveKey = error as? KeyRingError { parts.authority.keyFailure = "\(error)" }
    let (text, now) = ("keys or clients can't be read again: \(reason(error))", parts.authority.clock.elapsed)
    // The watch tries twice a second.
    if let complaint, complaint.text == text, now - complaint.at < 60_000 { return }
    complaint = (text, now)
    parts.log.error("\(text)")
  }

  /// Says in the log, once, which clients get no tokens and why.
  func complain(of snapshot: Snapshot) {
    let known = faults
    faults = snapshot.faults
    for fault in faults where !known.contains(fault) { parts.log.warning("\(fault)") }
  }

  private func reason(_ error: any Error) -> String {
    guard case .masterKey(.wrong) = error as? KeyRingError, parts.first.masterKey != nil else { return "\(error)" }
    return "the store is wrapped by a newer master key; restart this server with it in SIGNET_MASTER_KEY "
      + "(until then it goes on with what it has)"
  }

  /// Tells others by which keys this server serves, where that is news.
  private func tell(_ read: KeyReading.Outcome) async {
    let (offered, mark) = (read.offers.algorithms.map(\.rawValue), read.snapshot.ring.mark)
    if let lastBeat, lastBeat.offered == offered, lastBeat.keys == mark { return }
    await beat(offered, mark)
  }

  func keepBeating() async {
    guard let lastBeat, parts.authority.clock.elapsed - lastBeat.at >= Node.interval else { return }
    await beat(lastBeat.offered, lastBeat.keys)
  }

  private func beat(_ offered: [String], _ mark: String) async {
    guard (try? await parts.node.beat(offered, keys: mark)) != nil else { return }
    lastBeat = (offered, mark, parts.authority.clock.elapsed)
  }

  /// Every loop has the keys now, so that from here on they count as published.
  private func notePublished(_ ring: KeyRing) async {
    let new = ring.entries.filter { $0.publishedAt == nil && $0.state != .revoked }.map(\.jwk.kid)
    guard !new.isEmpty else { return }
    let noted: Void? = try? await parts.store.notePublished(new, now: parts.authority.clock.moment().now)
    // Read again, since this process's own writes don't change the mark.
    if noted != nil { mustRead = true }
  }

  /// Begins what is due for the keys, if nothing is under way.
  func heedKeys() {
    guard rotating == nil else { return }
    let (duties, policy, rotation) = (rotation.due(policy.keys), policy, rotation)
    guard !duties.isEmpty else { return }
    rotating = Task {
      do throws(KeyRingError) {
        try await rotation.perform(duties, policy)
      } catch {
        self.rotation.failed()
        self.parts.log.error("a key that is due can't be changed: \(error)")
      }
      if await !self.publish() { self.mustRead = true }
      self.rotating = nil
    }
  }

  /// Writes who fetched the JWK Set; what can't be written is forgotten.
  func noteVerifiers() async {
    let now = parts.authority.clock.elapsed
    guard now - flushedAt >= Sightings.interval else { return }
    let sightings = parts.authority.sightings.take()
    guard !sightings.isEmpty else { return }
    flushedAt = now
    try? await parts.store.noteVerifiers(sightings)
  }
}
