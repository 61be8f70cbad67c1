// Names of OpenSSL's parameters at addresses that last. OpenSSL keeps the pointer to a name, not a copy; a Swift String
// passed to C lives for that call only, and OpenSSL's macros arrive as Strings.

/// The text of a parameter's name or value, for the life of the process.
struct ParameterName {
  private let text: StaticString

  init(_ text: StaticString) { self.text = text }

  /// The text as C has it, ending with a zero.
  var pointer: UnsafePointer<CChar> { UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self) }

  static let digest = ParameterName("digest")
  static let group = ParameterName("group")
  static let publicKey = ParameterName("pub")
  static let privateKey = ParameterName("priv")
  /// Of ML-DSA.
  static let seed = ParameterName("seed")
  static let modulus = ParameterName("n")
  static let exponent = ParameterName("e")

  /// Where OpenSSL keeps a private member of RSA.
  static func rsa(_ name: PrivateParameters.Name) -> ParameterName {
    switch name {
    case .d, .priv: ParameterName("d")
    case .p: ParameterName("rsa-factor1")
    case .q: ParameterName("rsa-factor2")
    case .dp: ParameterName("rsa-exponent1")
    case .dq: ParameterName("rsa-exponent2")
    case .qi: ParameterName("rsa-coefficient1")
    }
  }
}
