// Stored hashes: one canonical spelling is read, everything else is refused, and nothing of them is ever printed.

import Passwords
import Testing

@Suite struct PasswordHashTests {
  static let salt = "c2FsdHNhbHRzYWx0c2FsdA"
  static let tag = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

  @Test(arguments: [
    "$argon2id$v=19$m=19456,t=2,p=1$\(salt)$\(tag)",
    "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=1048576,t=4,p=64$\(salt)$//////////////////////////////////////////8",
  ])
  func canonicalIsKept(text: String) throws {
    let hash = try PasswordHash(phc: text)
    #expect(hash.phc == text)
    #expect(try PasswordHash(phc: hash.phc) == hash)
  }

  @Test(arguments: [
    "", "$", "$argon2id", "password", "$argon2id$v=19$m=19456,t=2,p=1$\(salt)",
    "$argon2id$v=19$m=19456,t=2,p=1$\(salt)$\(tag)$", " $argon2id$v=19$m=19456,t=2,p=1$\(salt)$\(tag)",
    "$argon2id$v=19$m=19456,t=2,p=1$\(salt)$\(tag)\n", "$argon2i$v=19$m=19456,t=2,p=1$\(salt)$\(tag)",
    "$argon2d$v=19$m=19456,t=2,p=1$\(salt)$\(tag)", "$Argon2id$v=19$m=19456,t=2,p=1$\(salt)$\(tag)",
    "$argon2id$v=16$m=19456,t=2,p=1$\(salt)$\(tag)", "$argon2id$m=19456,t=2,p=1$\(salt)$\(tag)",
    "$argon2id$v=19$t=2,m=19456,p=1$\(salt)$\(tag)", "$argon2id$v=19$m=019456,t=2,p=1$\(salt)$\(tag)",
    "$argon2id$v=19$m=+19456,t=2,p=1$\(salt)$\(tag)", "$argon2id$v=19$m=19456,t=-2,p=1$\(salt)$\(tag)",
    "$argon2id$v=19$m=19456,t=2,p=$\(salt)$\(tag)", "$argon2id$v=19$m=19456,t=2,p=1,$\(salt)$\(tag)",
    "$argon2id$v=19$m=19456,t=2,p=1,keyid=AA$\(salt)$\(tag)", "$argon2id$v=19$m=19456, t=2,p=1$\(salt)$\(tag)",
    "$argon2id$v=19$m=99999999999999999999,t=2,p=1$\(salt)$\(tag)", "$argon2id$v=19$m=١٩٤٥٦,t=2,p=1$\(salt)$\(tag)",
    "$argon2id$v=19$m=19456,t=2,p=1$\(salt)==$\(tag)", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdB$\(tag)",
    "$argon2id$v=19$m=19456,t=2,p=1$\(salt)$\(tag)A=", "$argon2id$v=19$m=19456,t=2,p=1$\(salt)$\(tag)AA",
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-",
    "$argon2id$v=19$m=19456,t=2,p=1$$\(tag)\u{0}", "$2b$12$abcdefghijklmnopqrstuv",
  ])
  func malformedIsRefused(text: String) {
    #expect(throws: PasswordError.malformed) { try PasswordHash(phc: text) }
  }

  @Test(arguments: [
    "$argon2id$v=19$m=4294967295,t=1,p=1$\(salt)$\(tag)", "$argon2id$v=19$m=7,t=1,p=1$\(salt)$\(tag)",
    "$argon2id$v=19$m=1048576,t=5,p=1$\(salt)$\(tag)", "$argon2id$v=19$m=64,t=2,p=9$\(salt)$\(tag)",
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHM$\(tag)", "$argon2id$v=19$m=19456,t=2,p=1$$\(tag)",
    "$argon2id$v=19$m=19456,t=2,p=1$\(salt)$AAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=19456,t=2,p=1$\(salt)$\(tag)A\(tag)A",
  ])
  func outOfRangeIsRefused(text: String) {
    #expect(throws: PasswordError.outOfRange) { try PasswordHash(phc: text) }
  }

  @Test func nothingIsPrinted() throws {
    let hash = try PasswordHash(phc: "$argon2id$v=19$m=19456,t=2,p=1$\(Self.salt)$\(Self.tag)")
    var dumped = ""
    dump(hash, to: &dumped)
    for text in ["\(hash)", String(reflecting: hash), String(describing: Optional(hash)), dumped] {
      #expect(text.contains("[password hash]"))
      #expect(!text.contains("argon2id") && !text.contains("19456") && !text.contains("115"))
    }
  }
}
