// What proves that a client holds a key: DPoP proofs, the URIs in them, and certificates that a proxy hands on.

#if DEBUG || FUZZING
import FoundationEssentials
@testable import HTTPServer
import JOSE
import OpenSSL
import Proofs

extension FuzzTarget {
  /// A DPoP proof. Nobody but the RFC's authors can sign by its examples' keys.
  static let proof = FuzzTarget(name: "proof", longest: 1024) { bytes in
    let now: Int64 = 1_562_262_618_000
    let replays = Replays(now: now - 60_000, capacity: 64)
    let checker = ProofChecker(replays, try ProofNonces(keys: [[UInt8](repeating: 1, count: 32)], for: replays))
    for (method, uri) in [
      ("POST", "https://server.example.com/token"), ("GET", "https://resource.example.org/protectedresource"),
    ] {
      let request = ProofRequest(method: method, uri: uri, now: now)
      guard let proven = try? checker.check(bytes, request) else { continue }
      try check(Base64URL.encode(proven.thumbprint) == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "a forged proof")
      try check((try? checker.check(bytes, request)) == nil, "taken twice")
      try check((try? checker.check(bytes, ProofRequest(method: "PUT", uri: uri, now: now))) == nil, "another method")
      // No key of an access token may come in by its header.
      try check((try? TokenVerifier(keys: []).verify(compact: bytes, type: nil)) == nil, "taken for a token")
    }
  }

  /// The URI in a proof: one form for what is the same, and the form of that form is itself.
  static let htu = FuzzTarget(name: "htu", longest: 256) { bytes in
    guard let text = String(validating: bytes, as: UTF8.self), let normal = RequestURI.normalized(text) else { return }
    let form = String(decoding: normal, as: UTF8.self)
    try check(RequestURI.normalized(form) == normal, "another form of \(shown(normal))")
    try check(RequestURI.isSame(text, form), "not itself")
    try check(form.hasPrefix("http://") || form.hasPrefix("https://"), "another scheme")
    try check(!form.contains { "?# \\".contains($0) }, "more than a URI without query")
    // The host may well be a dot; it is nobody's.
    let path = form.dropFirst(form.hasPrefix("https") ? 8 : 7).drop { $0 != "/" }
    try check(!path.contains("/../") && !path.contains("/./"), "dot segments: \(shown(normal))")
  }

  /// `Client-Cert`, against Foundation's base64.
  static let clientCert = FuzzTarget(name: "client-cert", longest: 2048) { bytes in
    guard let certificate = ClientCertificateField.certificate(bytes) else { return }
    let text = String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self)
    guard let der = Data(base64Encoded: text) else { throw Broken("taken, though it is no base64") }
    try check(der.base64EncodedString() == text, "two texts for a certificate")
    try check(certificate.thumbprint == Digest.sha256([UInt8](der)), "another thumbprint")
  }
}
#endif
