// swift-log's back end: every event becomes one line in the ring.
//
// Level and form are read from one shared `LogControl` at each event, so that a reload changes all loggers at once; a
// logger whose own `logLevel` was set keeps that, as swift-log's value semantics ask.

package import Logging
import Synchronization

/// A log handler which writes JSON lines, or lines for people, into a `LogRing`.
package struct JSONLogHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?
  private var ownLevel: Logger.Level?
  private let label: String
  private let ring: LogRing
  private let control: LogControl

  /// A handler for the logger `label`, which is left out of the lines when empty.
  package init(label: String, ring: LogRing, control: LogControl) {
    self.label = label
    self.ring = ring
    self.control = control
  }

  /// The shared level, unless this logger was given its own.
  package var logLevel: Logger.Level {
    get { ownLevel ?? control.level }
    set { ownLevel = newValue }
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes one event; never blocks.
  package func log(event: LogEvent) {
    let write = control.format == .json ? LogLine.json : LogLine.text
    let logger = label.isEmpty ? nil : label
    ring.append(write(.now(), event.level, event.message.description, logger, members(of: event)))
  }

  /// The closest word wins: the event's over the handler's over the provider's.
  private func members(of event: LogEvent) -> Logger.Metadata {
    var members = metadataProvider?.get() ?? [:]
    members.merge(metadata) { $1 }
    if let own = event.metadata { members.merge(own) { $1 } }
    // Errors print by their description; a type that holds a secret hides it there.
    if let error = event.error, members["error"] == nil { members["error"] = "\(error)" }
    return members
  }
}

/// The level and form of all loggers, changeable while they run.
package final class LogControl: Sendable {
  /// How a line looks.
  package enum Format: Int, Sendable {
    case json, text
  }

  private let levelIndex: Atomic<Int>
  private let formatIndex: Atomic<Int>

  package init(level: Logger.Level = .info, format: Format = .json) {
    levelIndex = Atomic(LogControl.index(level))
    formatIndex = Atomic(format.rawValue)
  }

  /// The lowest level written.
  package var level: Logger.Level {
    get { Logger.Level.allCases[levelIndex.load(ordering: .relaxed)] }
    set { levelIndex.store(LogControl.index(newValue), ordering: .relaxed) }
  }

  /// JSON lines or lines for people.
  package var format: Format {
    get { Format(rawValue: formatIndex.load(ordering: .relaxed)) ?? .json }
    set { formatIndex.store(newValue.rawValue, ordering: .relaxed) }
  }

  private static func index(_ level: Logger.Level) -> Int { Logger.Level.allCases.firstIndex(of: level) ?? 0 }
}
