// Why a text was refused as JSON. It carries a cause and a position, never a piece of the text, which may be a secret.

/// A refused text: the cause and where it was seen.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong with the text.
  package enum Cause: String, Sendable {
    case tooLarge = "the text is too large"
    case tooDeep = "the text is nested too deeply"
    case unexpectedEnd = "the text ends too early"
    case unexpectedByte = "a byte that cannot stand here"
    case trailingBytes = "bytes after the end of the value"
    case invalidUTF8 = "a string that is not UTF-8"
    case controlCharacter = "a control character inside a string"
    case invalidEscape = "an escape sequence that does not exist"
    case loneSurrogate = "half of a surrogate pair"
    case invalidNumber = "a malformed number"
    case numberOutOfRange = "a number that cannot be represented"
    case duplicateMember = "a member name that was used before"
    case notAnObject = "a value that is not an object"
  }

  package let cause: Cause
  /// The offset in bytes, from 0, at which the cause was seen; for a bad string, where it begins.
  package let offset: Int

  package init(cause: Cause, offset: Int) {
    self.cause = cause
    self.offset = offset
  }

  package var description: String { "invalid JSON: \(cause.rawValue), at byte \(offset)" }
}
