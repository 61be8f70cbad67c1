// Names in certificates and origins: what is one, and what is the same one.

import Identity
import Testing

@Suite struct ClientRuleTests {
  @Test(arguments: [
    "https://app.example", "https://app.example:8443", "https://192.0.2.1", "https://[2001:db8::1]",
    "https://[::1]:8443",
    "http://localhost", "http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:3000", "http://app.localhost",
    "https://xn--bcher-kva.example", "https://a", "https://7.example", "https://a.0b",
    "https://[2001:db8::1:0:0:1]",
  ])
  func originsAsBrowsersWriteThem(_ text: String) { #expect(OriginSyntax.isValid(text)) }

  @Test(arguments: [
    "", "null", "*", "https://", "app.example", "https://app.example/", "https://app.example/a",
    "https://app.example?a",
    "https://app.example#a", "HTTPS://app.example", "https://App.example", "https://app.example:443",
    "http://localhost:80", "https://app.example:", "https://app.example:0", "https://app.example:65536",
    "https://app.example:08443", "https://app.example:+1", "http://app.example", "http://127.evil.example",
    "http://localhost.evil.example", "https://a@app.example", "https://*.example", "https://-a.example", "https://a..b",
    "https://bücher.example", "https://[::1", "https://[zz]", "ftp://app.example", "https:app.example", " https://a",
    "https://a b", "https://app.example\n",
    "https://[2001:B8::1]", "https://[2001:0db8::1]", "https://[0:0:0:0:0:0:0:1]",
    "https://[::ffff:192.0.2.1]", "https://[fe80::1%lo]", "https://192.0.2", "https://192.0.2.01", "https://1",
    "https://192.0.2.256", "https://a.0x7f", "http://127.1",
  ])
  func whatNoBrowserSends(_ text: String) { #expect(!OriginSyntax.isValid(text)) }

  @Test func namesInCertificates() {
    for good in [
      "dn:CN=shop", "dn:CN=shop,O=Acme\\, Inc.", "dns:shop.example", "uri:spiffe://a/b", "ip:192.0.2.1",
      "ip:2001:db8::1",
      "email:a@b.example",
    ] { #expect(CertificateSubject(good) != nil, "\(good)") }
    for bad in [
      "", "CN=shop", "cn:shop", "dn:", "dn:shop", "dn:CN=a,b", "dn:=a", "ip:shop", "ip:", "dns:", "dns:a\nb", ":a",
    ] {
      #expect(CertificateSubject(bad) == nil, "\(bad)")
    }
  }
}
