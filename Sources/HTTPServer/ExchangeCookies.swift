// Cookies of a request, as endpoints ask for them.

extension Exchange {
  /// The value of the first cookie of that name, as it came; nil when there is none (RFC 6265 4.2).
  package func cookie(named name: String) -> String? {
    guard var text = field(.cookie) else { return nil }
    var name = name
    return name.withUTF8 { name in
      text.withUTF8 { text in
        Cookies.value(named: UnsafeRawBufferPointer(name), in: UnsafeRawBufferPointer(text))
          .map { String(decoding: $0, as: UTF8.self) }
      }
    }
  }
}
