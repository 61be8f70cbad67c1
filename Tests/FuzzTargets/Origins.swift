// What says whose page or whose certificate it is: origins against Foundation's reader of URLs, and distinguished names.

#if DEBUG || FUZZING
import FoundationEssentials
@testable import Identity

extension FuzzTarget {
  /// An origin, as a client registers it.
  static let origin = FuzzTarget(name: "origin", longest: 300) { bytes in
    guard let text = String(validating: Array(bytes), as: UTF8.self) else { return }
    let origin = WebOrigin(text)
    if let origin {
      try check(WebOrigin("\(origin.scheme)://\(origin.host)") == origin, "not the same again: \(origin)")
      try check(origin.isSameSite(as: origin) == true, "not same-site with itself")
    }
    guard OriginSyntax.isValid(text) else { return }
    guard let origin, let url = URLComponents(string: text) else { throw Broken("may be registered, and is no origin") }
    try check(url.scheme == origin.scheme && url.encodedHost == origin.host, "another host: \(origin)")
    try check(url.path.isEmpty && url.user == nil && url.query == nil && url.fragment == nil, "more than an origin")
    try check(text == "\(origin.scheme)://\(origin.host)" + (url.port.map { ":\($0)" } ?? ""), "not as browsers write it")
  }

  /// A distinguished name, as a certificate says it.
  static let distinguishedName = FuzzTarget(name: "dn", longest: 256) { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    guard let name = DistinguishedName.normalised(text) else { return }
    try check(DistinguishedName.normalised(name) == name, "another form of \(shown(name.utf8))")
    try check(DistinguishedName.normalised(" " + text) == name, "a space makes a difference")
    // Values are never the same unless they were.
    try check(name.utf8.count(where: { $0 == 0x5C }) == text.utf8.count(where: { $0 == 0x5C }), "an escape is lost")
  }
}
#endif
