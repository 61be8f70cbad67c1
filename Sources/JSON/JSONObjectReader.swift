// One object, member by member, for request bodies on hot paths: no tree, and an allocation only for a long string and
// for the list of names seen. The same grammar and refusals as `JSONValue.parse`, as it is the same reader.
//
// The text counts as valid only once `next` has returned nil: read to the end before acting on a member.

/// Pulls the members of an object from borrowed bytes, which must outlive it.
package struct JSONObjectReader {
  private var reader: JSONReader
  private var names = MemberNames()
  private var isFirst = true

  /// Starts a text of at most `size` bytes and `depth` levels; throws when it does not begin with an object.
  package init(
    _ bytes: UnsafeRawBufferPointer, depth: Int = 32, size: Int = JSONValue.defaultSize
  ) throws(JSONError) {
    reader = try unsafe JSONReader(bytes, depth: depth, size: size)
    guard try reader.first() == UInt8(ascii: "{") else { throw reader.error(.notAnObject) }
    try reader.enter()
  }

  /// The next member, or nil once the object and the text have ended.
  package mutating func next() throws(JSONError) -> JSONMember? {
    guard let name = try reader.memberName(isFirst: isFirst, &names) else {
      try reader.finish()
      return nil
    }
    isFirst = false
    return JSONMember(name, try reader.value())
  }
}
