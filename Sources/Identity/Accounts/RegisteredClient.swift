// A client of a snapshot: its row, and the form of its tokens as far as the row says a good one.

import JOSE
package import Storage

/// A client as it is registered.
package struct RegisteredClient: Sendable {
  package let record: ClientRecord
  let form: Result<TokenForm, TokenFormError>

  init(_ record: ClientRecord, _ ring: KeyRing) {
    self.record = record
    form = Result { () throws(TokenFormError) in
      let form = try TokenForm(record.tokens, offers: ring.signing.keys, usual: ring.algorithm)
      // Replaced with a master key that was in wrong hands; or rows and keys were read at different moments.
      if case .mac(let algorithm) = form.signature, ring.clientMACKeys[record.id] == nil { throw .noMACKey(algorithm) }
      return form
    }
  }

  /// Whether a token for it can be refused.
  var mayFail: Bool {
    switch form {
    case .success(let form): form.limit != nil
    case .failure: true
    }
  }

  /// What an operator has to know of a client that gets no tokens; nil when it does.
  package var fault: String? {
    guard case .failure(let error) = form else { return nil }
    return complaint(error)
  }

  func complaint(_ error: TokenFormError) -> String {
    "client_tokens client=\(record.id): \(error); see `signet client change \(record.id) --help`"
  }
}
