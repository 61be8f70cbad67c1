// Usernames, addresses and passwords: what is taken, and what counts as the same.

import Identity
import Storage
import Testing

@Suite struct NameTests {
  @Test(arguments: ["alice", "a", "Ada Lovelace", "naïve", "用户", "x@y.example", String(repeating: "a", count: 254)])
  func goodUsernames(_ name: String) { #expect(Username(name) != nil) }

  @Test(arguments: [
    "", " alice", "alice ", "a\u{0}b", "a\nb", "a\u{7f}", "a\u{200b}b", "a\u{202e}b", "a\u{a0}b",
    String(repeating: "a", count: 255),
  ])
  func badUsernames(_ name: String) { #expect(Username(name) == nil) }

  @Test func oneNameHoweverItIsWritten() {
    #expect(Username.key("Alice") == Username.key("aLICE"))
    #expect(Username.key("e\u{301}cole") == Username.key("\u{c9}COLE"))
    #expect(Array(Username.key("e\u{301}").utf8) == Array("\u{e9}".utf8))
    #expect(Username.key("alice") != Username.key("alicé"))
  }

  @Test(arguments: ["a@b.example", "first.last+tag@example.co.uk"]) func goodAddresses(_ text: String) {
    #expect(EmailAddress(text) != nil)
  }

  @Test(arguments: ["", "a", "@b.example", "a@", "a@b", "a@@b.example", "a b@c.example", "a@.example", "a@b..c"])
  func badAddresses(_ text: String) { #expect(EmailAddress(text) == nil) }

  @Test func passwordsAreJudgedByLength() {
    func objection(_ password: String) -> String? {
      PasswordRule.objection(to: password, username: "Alice", minimumLength: 5)
    }
    #expect(objection("1234") != nil)
    #expect(objection("12345") == nil)
    #expect(objection("aLICE") != nil)
    #expect(objection(String(repeating: "x", count: 1024)) == nil)
    #expect(objection(String(repeating: "x", count: 1025)) != nil)
  }

  @Test func identifiersReadWhatTheyWrite() {
    for _ in 0..<100 {
      let bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
      let id = UniqueID(random: bytes)
      let text = id.description
      #expect(UniqueID(text) == id)
      #expect(text.utf8.count == 36 && Array(text.utf8)[14] == UInt8(ascii: "4"))
      #expect("89ab".utf8.contains(Array(text.utf8)[19]))
    }
    for bad in ["", "x", "00000000-0000-4000-8000-00000000000g", "00000000000040008000000000000000"] {
      #expect(UniqueID(bad) == nil)
    }
  }
}
