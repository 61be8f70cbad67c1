// Writes a private key's members, for the methods whose names say that they write private keys.

import JSON
import OpenSSL

extension PrivateParameters {
  /// Writes the private members, in their order; the public ones stand beside them.
  func writePrivateMembers(into writer: inout JSONWriter) {
    for (name, value) in members { writer.member(name.rawValue, Base64URL.encode(value)) }
  }
}
