// If-None-Match (RFC 9110 13.1.2): `*`, or a list of entity tags, compared weakly.

/// Whether a field's value names `tag`, which is written with its quotation marks.
func matchesEntityTag(_ value: UnsafeRawBufferPointer, _ tag: UnsafeRawBufferPointer) -> Bool {
  if value.equals("*") { return true }
  let opaque = withoutWeakMark(tag)
  var index = 0
  while index < value.count {
    while index < value.count, value[index].isBlank || value[index] == UInt8(ascii: ",") { index += 1 }
    let start = index
    if index + 1 < value.count, value[index] == UInt8(ascii: "W"), value[index + 1] == UInt8(ascii: "/") { index += 2 }
    // A tag may hold commas, so it ends at its closing mark and nowhere else.
    guard index < value.count, value[index] == UInt8(ascii: "\"") else { return false }
    guard let close = value[(index + 1)...].firstIndex(of: UInt8(ascii: "\"")) else { return false }
    index = close + 1
    if same(withoutWeakMark(UnsafeRawBufferPointer(rebasing: value[start..<index])), opaque) { return true }
  }
  return false
}

/// Weak comparison (RFC 9110 8.8.3.2) looks at what stands after `W/`.
private func withoutWeakMark(_ tag: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
  guard tag.count > 2, tag[0] == UInt8(ascii: "W"), tag[1] == UInt8(ascii: "/") else { return tag }
  return UnsafeRawBufferPointer(rebasing: tag[2...])
}

private func same(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
  one.count == other.count && one.elementsEqual(other)
}
