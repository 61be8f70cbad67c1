// Who is at the other end, in values that need no other module.

package import OpenSSL
import Reactor

extension Exchange {
  /// The client's IP address as text, without the port; `unix` for a peer on a Unix socket.
  package var address: String { client.text }

  /// What tells one party from another: an IPv4 address whole, an IPv6 address by its /64.
  package var addressPrefix: UInt64 { client.prefix.reduce(0) { $0 << 8 | UInt64($1) } }

  /// Whether it comes from this machine: from a loopback address or a Unix socket.
  package var isFromThisMachine: Bool { source.isLoopback }

  /// Mixes the client's address into a hash, without an allocation.
  package func hashClient(into hasher: inout Hasher) { source.hash(into: &hasher) }

  /// When the request was complete, in milliseconds of a clock that never jumps.
  package var arrivedAt: Int { startedAt / 1000 }

  /// The client's certificate, when an authority of ours has signed it.
  package var verifiedCertificate: VerifiedCertificate? { isFromProxy ? nil : tls?.verifiedCertificate }

  /// The client's certificate, whoever signed it; behind a trusted proxy the one which that has seen, if it says so, since the
  /// connection's own is the proxy's.
  package var presentedCertificate: PresentedCertificate? {
    guard isFromProxy else { return tls?.presentedCertificate }
    guard routes.options.proxies.setClientCert else { return nil }
    return withField(.clientCert) { ClientCertificateField.certificate($0) } ?? nil
  }

  /// Finds out where the request comes from.
  func locate() {
    source = peer
    cameSecurely = tls != nil
    guard isFromProxy else { return }
    let proxies = routes.options.proxies
    let origin = withList(.forwarded) { forwarded in
      withList(.xForwardedFor) { xForwardedFor in
        withList(.xForwardedProto) { xForwardedProto in
          ForwardedFields.client(
            peer: peer, forwarded: forwarded, xForwardedFor: xForwardedFor, xForwardedProto: xForwardedProto,
            header: proxies.fields, isTrusted: proxies.contain)
        }
      }
    }
    source = origin.address
    cameSecurely = origin.isSecure ?? cameSecurely
    if origin.conflict { worker.reached("forwarding_conflict") }
  }

  /// Runs `body` with the bytes of a list-valued field, its lines joined; with nil when it is absent.
  private func withList<R>(_ name: KnownField, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
    guard parser.repeated & UInt32(1) << UInt32(name.rawValue) != 0 else {
      return withField(name) { body($0) } ?? body(nil)
    }
    var joined = field(name) ?? ""
    return joined.withUTF8 { body(UnsafeRawBufferPointer($0)) }
  }
}
