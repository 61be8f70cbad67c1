// Why a proof was not taken, by cause. Causes are for logs and for the description of the error; none holds a piece of the
// proof.

package import JOSE

/// A refused proof.
package enum ProofRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  /// No good JWS with its key in the header; why.
  case malformed(JOSEError)
  /// A claim is missing, or has another form than RFC 9449 section 4.2 gives it.
  case claim(String)
  case method
  case uri
  case tooOld
  case fromTheFuture
  case accessToken
  /// It is good, by another key than the token is bound to.
  case otherKey
  case replayed
  /// It needs a nonce of ours, or a newer one (RFC 9449 section 8).
  case needsNonce
  /// The memory of proofs is full: whether this one was used before can't be known.
  case full

  /// One sentence without a full stop.
  package var description: String {
    switch self {
    case .malformed(let error): error.description
    case .claim(let name): "the proof's claim \(name) is missing or has the wrong form"
    case .method: "htm is not the request's method"
    case .uri: "htu is not the request's URI"
    case .tooOld: "iat is too long ago"
    case .fromTheFuture: "iat is in the future"
    case .accessToken: "ath is not the hash of the access token"
    case .otherKey: "the proof is by another key than the token is bound to"
    case .replayed: "the proof was used before"
    case .needsNonce: "the proof needs the nonce of the field DPoP-Nonce"
    case .full: "too many proofs at the moment"
    }
  }

  /// A word for metrics and logs.
  package var word: String {
    switch self {
    case .malformed: "malformed"
    case .claim: "claim"
    case .method: "htm"
    case .uri: "htu"
    case .tooOld, .fromTheFuture: "iat"
    case .accessToken: "ath"
    case .otherKey: "key"
    case .replayed: "replayed"
    case .needsNonce: "nonce"
    case .full: "full"
    }
  }
}
