// What `make fuzz` feeds with bytes and the tests with seeds: a parser each, with what must hold whatever the bytes are.
//
// A target doesn't only wait for a crash: it reads the bytes a second way (cut elsewhere, by a plainer reader, after
// writing what was read) and throws when the two disagree. Any thread may run one; none keeps state between two runs.

#if DEBUG || FUZZING
/// A parser under test.
package struct FuzzTarget: Sendable {
  /// The name on the command line and of the file of seeds.
  package let name: String
  /// The longest input worth trying, in bytes.
  package let longest: Int
  /// Throws what didn't hold.
  package let run: @Sendable (UnsafeRawBufferPointer) throws -> Void

  /// Every target.
  package static let all: [FuzzTarget] = [
    head, chunked, json, form, cookies, forwarded, proxy, configuration, jws, jwe, jwk, url,
    cacheControl, eventStream, reference, proof, htu, clientCert, basic,
    assertion, origin, distinguishedName,
  ]
}

/// Something that must hold didn't.
package struct Broken: Error, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}

/// Throws unless `condition` holds.
func check(_ condition: Bool, _ what: @autoclosure () -> String) throws {
  guard condition else { throw Broken(what()) }
}

/// A text with every byte that isn't visible ASCII shown by its number.
func shown(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { (0x20..<0x7f).contains($0) ? String(UnicodeScalar($0)) : "\\x" + String($0, radix: 16) }.joined()
}

extension Array<UInt8> {
  /// The lines' bytes, without what divides them.
  func divided(by byte: UInt8) -> [[UInt8]] {
    split(separator: byte, omittingEmptySubsequences: false).map { Array($0) }
  }

  init(_ text: StaticString) { self = text.withUTF8Buffer { Array($0) } }
}
#endif
