// Which origins a browser counts as the issuer's own site.

import Testing

@testable import Identity

@Suite struct WebOriginTests {
  @Test(arguments: [
    ("https://app.example.com", "https://login.example.com"), ("https://example.com", "https://login.example.com"),
    ("https://app.example.co.uk:8443", "https://example.co.uk"), ("http://127.0.0.1:3000", "http://127.0.0.1:8080"),
    ("http://localhost:3000", "http://localhost:8080"), ("http://[::1]:3000", "http://[::1]:8080"),
    ("https://a.b.example.com", "https://login.example.com/tenant"),
    ("https://LOGIN.example.com", "https://login.example.com"),
  ])
  func sameSite(_ page: String, _ issuer: String) throws {
    #expect(try #require(WebOrigin(page)).isSameSite(as: try #require(WebOrigin(issuer))) == true)
  }

  @Test(arguments: [
    // Schemes differ; two registrable domains of one public suffix; the suffix itself; hosting for everybody.
    ("http://app.example.com", "https://login.example.com"), ("https://one.co.uk", "https://two.co.uk"),
    ("https://co.uk", "https://login.co.uk"), ("https://ada.github.io", "https://bob.github.io"),
    ("https://example.org", "https://example.com"), ("https://notexample.com", "https://example.com"),
    // Addresses have no parent domain.
    ("http://127.0.0.1", "http://localhost"), ("http://10.0.0.1", "http://11.0.0.1"), ("http://[::1]", "http://[::2]"),
  ])
  func anotherSite(_ page: String, _ issuer: String) throws {
    #expect(try #require(WebOrigin(page)).isSameSite(as: try #require(WebOrigin(issuer))) == false)
  }

  @Test(arguments: ["", "null", "app.example.com", "https://", "ftp://example.com", "https:///x", "https://a b"])
  func isNone(_ text: String) { #expect(WebOrigin(text) == nil) }
}
