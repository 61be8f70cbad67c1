// The refresh token: `sgr_`, and sealed (see SealedToken.swift)
//
//   store epoch 4 | session id 16 | generation 4
//
// A stolen database holds nothing that can be presented. With version, key id and tag these are 42 bytes, 56 characters
// without spare bits: every token has exactly one spelling. The prefix lets secret scanners find leaked ones.

import OpenSSL
package import Storage

/// What a refresh token says.
package struct RefreshToken: Sendable, Equatable {
  package let epoch: UInt32
  package let session: UniqueID
  package let generation: UInt32

  package init(epoch: UInt32, session: UniqueID, generation: UInt32) {
    self.epoch = epoch
    self.session = session
    self.generation = generation
  }
}

/// Writes and reads refresh tokens; confined to one thread.
final class RefreshTokenCodec {
  private let sealed: SealedToken

  init(_ ring: KeyRing) throws(OpenSSLError) {
    sealed = try SealedToken(ring, .refreshToken, prefix: "sgr_", contentLength: 24)
  }

  func write(_ token: RefreshToken) -> String {
    sealed.write { content in
      append(token.epoch, to: &content)
      append(token.session.high, to: &content)
      append(token.session.low, to: &content)
      append(token.generation, to: &content)
    }
  }

  /// Reads a token; nil unless it is canonical and its tag is good.
  func parse(_ text: String) -> RefreshToken? {
    guard let content = sealed.parse(text) else { return nil }
    let session = UniqueID(high: word(content, 4), low: word(content, 12))
    return RefreshToken(epoch: word(content, 0), session: session, generation: word(content, 20))
  }
}
