// Why keys or revocations can't be had, in the caller's terms: one list of causes for both, since both are fetched from the
// issuer over the same network.

/// Why the issuer's keys or its revocations could not be had: the issuer's or the network's trouble, never the token's.
public struct FetchProblem: Error, Equatable, Sendable, CustomStringConvertible {
  /// What kind of trouble it is.
  public enum Cause: Sendable, Equatable {
    /// libcurl isn't installed.
    case libraryMissing
    /// The host isn't known, or nothing answers there.
    case unreachable
    /// There was no answer in time, nothing was heard of the feed for too long, or the service's assertion took too long.
    case timedOut
    /// The server's certificate isn't good, or TLS failed otherwise.
    case untrusted
    /// Another status than 200 and, of keys, 304; redirects are not followed. With 401 the feed's client id or secret is
    /// wrong.
    case status(Int)
    /// What came isn't good HTTP, or isn't a feed of revocations, or broke off.
    case badAnswer
    /// More than 256 KiB or 100 keys, or more denied than ``RevocationFeed/mostEntries``.
    case tooLarge
    /// What came isn't a JWK Set, or one of malformed and weak keys alone.
    case notAKeySet
    /// A JWK Set without any key for signatures that this verifier knows: the issuer has none.
    case noUsableKey
    /// The server ended the feed, as it does when it stops.
    case ended
    case cancelled
    case other
  }

  /// What kind of trouble it is.
  public let cause: Cause
  /// A sentence for the log, with the mend where there is one. It holds no piece of a token or secret.
  public let description: String

  /// A problem of your own ``KeySetFetching``; the description goes to logs and may go to clients.
  public init(_ cause: Cause, _ description: String) {
    self.cause = cause
    self.description = description
  }
}
