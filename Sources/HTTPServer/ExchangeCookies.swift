// Cookies of a request, as endpoints ask for them.

extension Exchange {
  /// The values of the first two cookies of that name, as they came (RFC 6265 4.2): a second one tells that something else
  /// than this server has set one of them.
  package func cookies(named name: String) -> [String] {
    guard var text = field(.cookie) else { return [] }
    var name = name
    return name.withUTF8 { name in
      text.withUTF8 { text in
        Cookies.values(named: UnsafeRawBufferPointer(name), in: UnsafeRawBufferPointer(text), most: 2)
          .map { String(decoding: $0, as: UTF8.self) }
      }
    }
  }
}
