// A text that must not be seen: printing, dumping or reflecting it, or anything that holds it, gives "[hidden]".

/// A secret text; `reveal` is the only way to it.
package struct Secret: Sendable, Equatable {
  static let hidden = "[hidden]"

  private let text: String

  init(_ text: String) { self.text = text }

  /// The text itself.
  package func reveal() -> String { text }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { Secret.hidden }
  package var debugDescription: String { Secret.hidden }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
