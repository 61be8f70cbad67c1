// Which part of a host's name somebody can register, by the Public Suffix List: what browsers decide "same site" by.
//
// libpsl knows the list and is kept up to date by the distribution. It is opened when first asked, which is when a client
// has origins on another host than the issuer's; libcurl brings it along.

import Glibc

/// The Public Suffix List, as libpsl has it.
///
/// `@unchecked Sendable`: filled before anybody gets it, and the library only reads it.
package final class PublicSuffixes: @unchecked Sendable {
  private typealias Latest = @convention(c) (UnsafePointer<CChar>?) -> OpaquePointer?
  private typealias Registrable = @convention(c) (OpaquePointer?, UnsafePointer<CChar>?) -> UnsafePointer<CChar>?

  private let list: OpaquePointer
  private let registrable: Registrable

  /// The list, or nil when libpsl can't be opened; found out once.
  package static let shared = PublicSuffixes()

  private init?() {
    guard let library = dlopen("libpsl.so.5", RTLD_NOW | RTLD_LOCAL), let latest = dlsym(library, "psl_latest"),
      let registrable = dlsym(library, "psl_registrable_domain"),
      // The newest of the distribution's file and what the library was built with.
      let list = unsafeBitCast(latest, to: Latest.self)(nil)
    else { return nil }
    self.list = list
    self.registrable = unsafeBitCast(registrable, to: Registrable.self)
  }

  /// The suffix of `host` by one label more than a public one: `example.co.uk` of `app.example.co.uk`. Nil when the host is
  /// itself a public suffix.
  /// - Parameter host: a name in lower case, as it stands in a URL; no IP address.
  package func registrableDomain(of host: String) -> String? {
    host.withCString { registrable(list, $0).map { String(cString: $0) } }
  }
}
