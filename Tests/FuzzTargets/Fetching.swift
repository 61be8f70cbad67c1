// What decides where keys are fetched from and for how long they are kept: URLs against what RFC 3986 says of their
// parts, `Cache-Control` against the same directives in another order.

#if DEBUG || FUZZING
import OutgoingHTTP
@testable import SignetVerifier

extension FuzzTarget {
  /// A URL.
  static let url = FuzzTarget(name: "url", longest: 256) { bytes in
    guard let text = String(validating: Array(bytes), as: UTF8.self), let url = try? HTTPURL(text) else { return }
    try check(
      text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }, "a byte that none may have")
    let scheme = url.isSecure ? "https://" : "http://"
    try check(text.lowercased().hasPrefix(scheme), "another scheme")
    let rest = text.dropFirst(scheme.count)
    let authority = rest.prefix { $0 != "/" && $0 != "?" }.lowercased()
    try check(!authority.contains("@") && !authority.contains("%"), "a user or an encoded host")
    try check(!url.host.isEmpty && (url.port.map { (1...65_535).contains($0) } ?? true), "no host or port")
    let host = url.host.contains(":") ? "[\(url.host)]" : url.host
    try check(authority.hasPrefix(host), "another host: \(url.host)")
    if let port = url.port { try check(Int(authority.dropFirst(host.count + 1)) == port, "another port: \(port)") }
    try check(rest.hasSuffix(url.target) && authority.count + url.target.count == rest.count, "another target")
    // Read again from its parts it is the same.
    let written = try HTTPURL(scheme + host + (url.port.map { ":\($0)" } ?? "") + url.target)
    try check((written.host, written.port, written.target) == (url.host, url.port, url.target), "not the same again")
    try check(!url.isLoopback || ["localhost", "::1"].contains(url.host) || url.host.hasPrefix("127."), "no loopback")
  }

  /// The field `Cache-Control`.
  static let cacheControl = FuzzTarget(name: "cache-control", longest: 256) { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    let maxAge = CacheControl(text).maxAge
    try check(maxAge.map { (0...(1 << 31)).contains($0) } ?? true, "\(maxAge ?? 0)")
    let remaining = CacheControl.remaining(text, age: text)
    try check(remaining.map { (0...(maxAge ?? -1)).contains($0) } ?? true, "more is left than there was")
    // Quotation marks that don't end take in what follows.
    guard text.utf8.count(where: { $0 == UInt8(ascii: "\"") }).isMultiple(of: 2) else { return }
    try check(CacheControl(text + ",no-store").maxAge == 0, "no-store is not seen")
    try check(CacheControl("no-store," + text).maxAge == 0, "no-store is not seen")
    try check(CacheControl("max-age=1000,\(text)").maxAge == min(1000, maxAge ?? 1000), "not the smallest")
  }
}
#endif
