// The request fields which Signet looks at, found by one comparison each instead of by a dictionary.

/// A request field which Signet looks at.
/// A header field that is found without a search by name.
package enum KnownField: UInt8, CaseIterable, Sendable {
  case accept, accessControlRequestHeaders, accessControlRequestMethod, authorization, clientCert, clientCertChain
  case connection, contentLength, contentType, cookie, dpop, expect, forwarded, host, ifNoneMatch, lastEventID, origin
  case secFetchSite, transferEncoding, userAgent, xForwardedFor, xForwardedHost, xForwardedProto, xRequestID
  case xSignetCSRF

  /// The field's name in lower case.
  package var name: StaticString {
    switch self {
    case .accept: "accept"
    case .accessControlRequestHeaders: "access-control-request-headers"
    case .accessControlRequestMethod: "access-control-request-method"
    case .authorization: "authorization"
    case .clientCert: "client-cert"
    case .clientCertChain: "client-cert-chain"
    case .connection: "connection"
    case .contentLength: "content-length"
    case .contentType: "content-type"
    case .cookie: "cookie"
    case .dpop: "dpop"
    case .expect: "expect"
    case .forwarded: "forwarded"
    case .host: "host"
    case .ifNoneMatch: "if-none-match"
    case .lastEventID: "last-event-id"
    case .origin: "origin"
    case .secFetchSite: "sec-fetch-site"
    case .transferEncoding: "transfer-encoding"
    case .userAgent: "user-agent"
    case .xForwardedFor: "x-forwarded-for"
    case .xForwardedHost: "x-forwarded-host"
    case .xForwardedProto: "x-forwarded-proto"
    case .xRequestID: "x-request-id"
    case .xSignetCSRF: "x-signet-csrf"
    }
  }

  /// Whether a second one makes the request ambiguous: it decides framing, identity or meaning (RFC 9110 5.3).
  var isSingle: Bool {
    switch self {
    case .authorization, .clientCert, .contentLength, .contentType, .dpop, .host, .origin, .transferEncoding,
      .xSignetCSRF:
      true
    default: false
    }
  }

  /// The known field of that name.
  init?(_ name: UnsafeRawBufferPointer) {
    guard let candidate = Self.candidate(name) else { return nil }
    guard name.equalsIgnoringCase(candidate.name) else { return nil }
    self = candidate
  }

  /// Length and one byte tell the names apart, so one comparison settles it.
  private static func candidate(_ name: UnsafeRawBufferPointer) -> KnownField? {
    guard name.count > 3 else { return nil }
    let third = name[2].lowercased
    switch name.count {
    case 4: return third == UInt8(ascii: "s") ? .host : .dpop
    case 6:
      return switch third {
      case UInt8(ascii: "c"): .accept
      case UInt8(ascii: "o"): .cookie
      case UInt8(ascii: "p"): .expect
      default: .origin
      }
    case 9: return .forwarded
    case 10: return third == UInt8(ascii: "n") ? .connection : .userAgent
    case 11: return .clientCert
    case 12: return third == UInt8(ascii: "n") ? .contentType : .xRequestID
    case 13:
      return switch third {
      case UInt8(ascii: "t"): .authorization
      case UInt8(ascii: "-"): .ifNoneMatch
      default: name[0].lowercased == UInt8(ascii: "l") ? .lastEventID : .xSignetCSRF
      }
    case 14: return third == UInt8(ascii: "n") ? .contentLength : .secFetchSite
    case 15: return .xForwardedFor
    case 16: return .xForwardedHost
    case 17:
      return switch third {
      case UInt8(ascii: "a"): .transferEncoding
      case UInt8(ascii: "i"): .clientCertChain
      default: .xForwardedProto
      }
    case 29: return .accessControlRequestMethod
    case 30: return .accessControlRequestHeaders
    default: return nil
    }
  }
}
