// What a certificate says of its holder, read from one that openssl made.

import Glibc
import OpenSSL
import Testing

@Suite struct CertificateTests {
  /// `openssl req -x509` with this subject and these names, in DER.
  private static func certificate(_ subject: String, _ names: String) throws -> [UInt8] {
    let command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -utf8 -subj '\(subject)' "
      + "-addext 'subjectAltName=\(names)' -keyout /dev/null -outform DER 2>/dev/null"
    let pipe = try #require(popen(command, "r"))
    defer { pclose(pipe) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { bytes += buffer[..<count] }
    return bytes
  }

  @Test func itsNames() throws {
    let der = try Self.certificate(
      "/C=DE/O=Acme, Inc./OU=Bücher/CN=shop",
      "DNS:Shop.example,DNS:*.wild.example,IP:192.0.2.7,IP:2001:db8::1,email:a@shop.example,URI:spiffe://a/shop")
    let content = try #require(CertificateContent(der: der))
    #expect(content.subject == "CN=shop,OU=Bücher,O=Acme\\, Inc.,C=DE")
    func has(_ name: CertificateContent.Name, _ text: String) -> Bool { content.has(name, Array(text.utf8)) }
    #expect(has(.dns, "shop.EXAMPLE") && has(.dns, "*.wild.example"))
    #expect(has(.uri, "spiffe://a/shop") && has(.email, "a@shop.example"))
    for text in ["192.0.2.7", "2001:db8:0:0::1"] {
      #expect(content.has(.ip, try #require(CertificateContent.address(text))))
    }
    for (name, text) in [
      (CertificateContent.Name.dns, "shop"), (.dns, "a.wild.example"), (.dns, "a@shop.example"), (.dns, ""),
      (.dns, "shop.example."),
      (.uri, "spiffe://A/shop"), (.email, "A@shop.example"), (.ip, "192.0.2.7"), (.dns, "shop.example\0"),
    ] { #expect(!has(name, text), "\(text)") }
    #expect(!content.has(.ip, try #require(CertificateContent.address("192.0.2.8"))))
    #expect(CertificateContent.address("192.0.2") == nil && CertificateContent.address("shop") == nil)
  }

  @Test func aStrangersKeyIsNotItsOwn() throws {
    let content = try #require(CertificateContent(der: try Self.certificate("/CN=a", "DNS:a")))
    for kind in [KeyKind.p256, .ed25519] { #expect(!content.has(try PrivateKey.generate(kind).publicKey)) }
  }

  /// Whatever a proxy hands on: it is read or it isn't, whole.
  @Test func whatIsNoCertificate() throws {
    let der = try Self.certificate("/CN=a", "DNS:a")
    #expect(CertificateContent(der: []) == nil && CertificateContent(der: Array("text".utf8)) == nil)
    #expect(CertificateContent(der: der + [0]) == nil)
    for length in stride(from: 0, to: der.count, by: 7) {
      #expect(CertificateContent(der: Array(der[..<length])) == nil)
    }
  }
}
