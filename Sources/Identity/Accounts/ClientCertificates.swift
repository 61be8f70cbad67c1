// Clients known by the certificate of their connection (RFC 8705 section 2).

import JOSE
import OpenSSL
import Storage

/// A name by which a client's certificate is known, as it is registered: `dn:`, `dns:`, `uri:`, `ip:` or `email:` and the
/// value (RFC 8705 section 2.1.2).
package struct CertificateSubject {
  private enum Kind { case distinguished(String), alternative(CertificateContent.Name, [UInt8]) }
  private let kind: Kind

  /// Nil when the text is no such name.
  package init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let value = String(text[text.index(after: colon)...])
    guard !value.isEmpty, value.utf8.count <= 1024, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
      return nil
    }
    switch text[..<colon] {
    case "dn":
      guard let name = DistinguishedName.normalised(value) else { return nil }
      kind = .distinguished(name)
    case "dns": kind = .alternative(.dns, Array(value.utf8))
    case "uri": kind = .alternative(.uri, Array(value.utf8))
    case "email": kind = .alternative(.email, Array(value.utf8))
    case "ip":
      guard let address = CertificateContent.address(value) else { return nil }
      kind = .alternative(.ip, address)
    default: return nil
    }
  }

  /// Whether the certificate has that name.
  func names(_ certificate: CertificateContent) -> Bool {
    switch kind {
    case .distinguished(let name): certificate.subject.flatMap(DistinguishedName.normalised) == name
    case .alternative(let type, let value): certificate.has(type, value)
    }
  }
}

/// Distinguished names as RFC 4514 writes them.
enum DistinguishedName {
  /// The name with what may be written in two ways written in one: no space around commas, types in capitals. Values
  /// stay as they are. Nil when it is no such name.
  static func normalised(_ text: String) -> String? {
    var parts: [[UInt8]] = [[]]
    var isEscaped = false
    for byte in text.utf8 {
      if byte == UInt8(ascii: ","), !isEscaped {
        parts.append([])
      } else {
        parts[parts.count - 1].append(byte)
      }
      isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
    }
    var names: [String] = []
    for part in parts {
      // A space that belongs to the value is escaped at the end.
      var part = part[...].drop { $0 == 0x20 }
      while part.last == 0x20, part.dropLast().last != UInt8(ascii: "\\") { part.removeLast() }
      guard let equals = part.firstIndex(of: UInt8(ascii: "=")), equals > part.startIndex else { return nil }
      let type = String(decoding: part[..<equals], as: UTF8.self).uppercased()
      names.append(type + String(decoding: part[equals...], as: UTF8.self))
    }
    return names.joined(separator: ",")
  }
}

extension Issuer {
  /// The client which the connection's certificate proves, or a public one.
  func client(
    _ id: String?, showing verified: VerifiedCertificate?, _ presented: PresentedCertificate?
  ) throws(Refusal) -> RegisteredClient {
    guard let client = registered(id) else { throw Refusal(.invalidClient, cause: "unknown_client") }
    if client.record.isPublic { return client }
    let authentication = client.record.authentication
    switch authentication.method {
    case .tlsClientAuth:
      guard let content = verified.flatMap({ CertificateContent(der: $0.der) }) else {
        throw Refusal(.invalidClient, cause: "no_verified_certificate")
      }
      guard let subject = authentication.tlsSubject.flatMap(CertificateSubject.init), subject.names(content) else {
        throw Refusal(.invalidClient, cause: "another_subject")
      }
    case .selfSignedTLS:
      guard let content = presented.flatMap({ CertificateContent(der: $0.der) }) else {
        throw Refusal(.invalidClient, cause: "no_certificate")
      }
      let keys = contexts.clients.keys(of: client)?.all ?? []
      guard keys.contains(where: { content.has($0.key) }) else { throw Refusal(.invalidClient, cause: "another_key") }
    case .none, .basic, .post, .privateKeyJWT: throw Refusal(.invalidClient, cause: "no_credentials")
    }
    return client
  }
}
