// The feed's events as text (WHATWG HTML section 9.2): each has an id of the store's epoch and the row's place in the
// denylist, so that `Last-Event-ID` says exactly what a reader has.

import JOSE
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
    let name: StaticString
    switch denial.subject {
    case .session(let id, let validFrom):
      name = "denied"
      json.member("sid", id.description)
      // A service can't see generations. What was issued in the very second of the change stays good, since the tokens
      // that the change was answered with may be of it.
      if validFrom != nil { json.member("before", denial.deniedAt / 1000) }
    case .token(let id):
      name = "denied"
      json.member("jti", Base64URL.encode(id.bytes))
    case .key(let kid):
      name = "key_revoked"
      json.member("kid", kid)
    }
    if let audience = denial.audience { json.member("aud", audience) }
    json.member("exp", (denial.expiresAt + 999) / 1000)
    json.endObject()
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

extension UniqueID {
  /// Its 16 bytes.
  fileprivate var bytes: [UInt8] { [high, low].flatMap { word in (0..<8).map { UInt8(word >> (56 - 8 * $0) & 255) } } }
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
