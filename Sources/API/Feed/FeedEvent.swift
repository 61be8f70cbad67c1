// The feed's events as text (WHATWG HTML section 9.2): each has an id of the store's epoch and the row's place in the
// denylist, so that `Last-Event-ID` says exactly what a reader has.

import Identity
import JSON
import Storage

/// One row of the denylist, ready to be sent.
struct FeedEvent {
  let sequence: Int64
  /// Whom it concerns, in UTF-8; nil: everybody.
  let audience: [UInt8]?
  let bytes: [UInt8]

  init(_ denial: Denial, epoch: UInt32) {
    sequence = denial.sequence
    audience = denial.audience.map { Array($0.utf8) }
    var json = JSONWriter()
    json.beginObject()
    denial.writeMembers(into: &json)
    json.endObject()
    let name: StaticString = if case .key = denial.subject { "key_revoked" } else { "denied" }
    bytes = Self.text(name, FeedPosition(epoch: epoch, sequence: denial.sequence), json.bytes)
  }

  /// An event that says something of the stream itself.
  static func note(_ name: StaticString, at position: FeedPosition) -> [UInt8] {
    text(name, position, Array("{}".utf8))
  }

  /// JSON as written here holds no line feed.
  private static func text(_ name: StaticString, _ position: FeedPosition, _ data: [UInt8]) -> [UInt8] {
    Array("id: \(position)\nevent: \(name)\ndata: ".utf8) + data + [0x0A, 0x0A]
  }
}

/// How far a reader has come.
struct FeedPosition: CustomStringConvertible {
  let epoch: UInt32
  let sequence: Int64

  var description: String { "\(epoch)-\(sequence)" }

  init(epoch: UInt32, sequence: Int64) { (self.epoch, self.sequence) = (epoch, sequence) }

  /// Reads what was sent as an event's id; nil for anything else.
  init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let epoch = UInt32(parts[0]), let sequence = Int64(parts[1]), sequence >= 0 else {
      return nil
    }
    self.init(epoch: epoch, sequence: sequence)
  }
}
