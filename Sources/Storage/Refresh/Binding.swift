// Whether a refresh token may be used by whoever presents it, as far as keys decide that (RFC 9449 section 5, RFC 8705
// section 4).

/// What binds a session to a key.
enum Binding {
  /// The first byte of a confirmation: by the key of DPoP proofs, or by a certificate.
  private static let (byKey, byCertificate): (UInt8, UInt8) = (1, 2)

  /// Why the presented proof doesn't fit the session; nil when it does.
  static func refusal(_ state: RefreshState, _ presented: PresentedRefresh) -> RefreshRefusal? {
    if let confirmation = state.confirmation {
      guard confirmation == presented.proven else {
        return confirmation.first == byCertificate ? .uncertified : .unproven
      }
    } else if presented.proven?.first == byKey {
      // Binding a session afterwards would let a thief lock its owner out, whose next refresh tells of the theft.
      return .unproven
    }
    // The client was told to bind its tokens after this session had begun.
    if state.clientRequiresDPoP, state.confirmation?.first != byKey { return .unproven }
    if state.clientRequiresMTLS, !state.clientRequiresDPoP, state.confirmation?.first != byCertificate {
      return .uncertified
    }
    return nil
  }
}
