// What becomes of a presented refresh token: the whole decision, as a pure function of the session's row, the
// request and the clock. Every back end calls it inside its write transaction, so no two can decide differently.
//
// The order of the checks is the design: only the last one may revoke, so nothing that a stranger or a mistake can
// bring about (a wrong client, a missing proof, a clock that jumped) ever ends a session.

/// A session's row, as far as refreshing looks at it. Times are milliseconds since 1970.
package struct RefreshState: Sendable, Equatable {
  package var clientID: String
  /// The scope values granted at login.
  package var scope: String
  package var confirmation: [UInt8]?
  /// Whether the client is registered for refreshing.
  package var clientMayRefresh: Bool
  /// Whether the client has to authenticate.
  package var clientIsConfidential: Bool
  /// Whether the client's tokens must be bound by DPoP, or to a certificate.
  package var clientRequiresDPoP: Bool
  package var clientRequiresMTLS: Bool
  package var userActive: Bool
  package var revoked: Bool
  package var idleDeadline: Int64
  package var absoluteDeadline: Int64
  package var generation: UInt32
  /// The generation which the latest change of the password made; 0 when there was none.
  package var validFrom: UInt32
  package var rotatedAt: Int64
  package var rotatedFrom: Int64
  /// Retries in a row from another address prefix than the one that rotated.
  package var retriedElsewhere: Int

  package init(
    clientID: String, scope: String = "", confirmation: [UInt8]? = nil, clientMayRefresh: Bool = true,
    clientIsConfidential: Bool = false, clientRequiresDPoP: Bool = false, clientRequiresMTLS: Bool = false,
    userActive: Bool = true, revoked: Bool = false, idleDeadline: Int64, absoluteDeadline: Int64, generation: UInt32,
    validFrom: UInt32 = 0, rotatedAt: Int64, rotatedFrom: Int64, retriedElsewhere: Int = 0
  ) {
    self.clientID = clientID
    self.scope = scope
    self.confirmation = confirmation
    self.clientMayRefresh = clientMayRefresh
    self.clientIsConfidential = clientIsConfidential
    self.clientRequiresDPoP = clientRequiresDPoP
    self.clientRequiresMTLS = clientRequiresMTLS
    self.userActive = userActive
    self.revoked = revoked
    self.idleDeadline = idleDeadline
    self.absoluteDeadline = absoluteDeadline
    self.generation = generation
    self.validFrom = validFrom
    self.rotatedAt = rotatedAt
    self.rotatedFrom = rotatedFrom
    self.retriedElsewhere = retriedElsewhere
  }
}

/// How an operator wants refreshing to behave.
package struct RefreshPolicy: Sendable, Equatable {
  /// How long the token before the current one is answered again, in milliseconds; 0 is strict.
  package var retryWindow: Int64
  /// How long a session lives without being refreshed, in milliseconds.
  package var idleTTL: Int64
  /// Whether a second retry in a row from another address prefix counts as reuse.
  package var revokesRetriesElsewhere: Bool

  package init(retryWindow: Int64, idleTTL: Int64, revokesRetriesElsewhere: Bool) {
    self.retryWindow = retryWindow
    self.idleTTL = idleTTL
    self.revokesRetriesElsewhere = revokesRetriesElsewhere
  }

  /// The policy for a client with lifetimes of its own. The window never passes half of the access token's life: the
  /// token that a retry repeats must still be of use.
  func adjusted(accessTTL: Int64?, idleTTL: Int64?) -> RefreshPolicy {
    RefreshPolicy(
      retryWindow: accessTTL.map { min(retryWindow, $0 / 2) } ?? retryWindow, idleTTL: idleTTL ?? self.idleTTL,
      revokesRetriesElsewhere: revokesRetriesElsewhere)
  }
}

/// What is presented, after its form and tag were found good.
package struct PresentedRefresh: Sendable {
  package var clientID: String?
  /// Whether the request has proved to come from that client.
  package var isAuthenticated: Bool
  /// The clients to one of which the session must belong, where the request tells: by the page that it comes from.
  package var clients: [String]?
  /// The scope asked for, for this access token alone.
  package var scope: String?
  /// The thumbprint that this request has proved possession of.
  package var proven: [UInt8]?
  package var generation: UInt32
  package var addressPrefix: Int64
  /// Milliseconds since 1970.
  package var now: Int64
  /// Whether the wall clock jumped lately, so that nothing irreversible may follow from a time.
  package var clockIsSettling: Bool

  package init(
    clientID: String?, isAuthenticated: Bool = false, clients: [String]? = nil, scope: String? = nil,
    proven: [UInt8]? = nil, generation: UInt32, addressPrefix: Int64, now: Int64, clockIsSettling: Bool
  ) {
    self.clientID = clientID
    self.isAuthenticated = isAuthenticated
    self.clients = clients
    self.scope = scope
    self.proven = proven
    self.generation = generation
    self.addressPrefix = addressPrefix
    self.now = now
    self.clockIsSettling = clockIsSettling
  }
}

/// What becomes of it.
package enum RefreshDecision: Equatable, Sendable {
  /// The next generation. `ahead`: the store had lost commits, and adopts the presented generation first.
  case rotate(ahead: Bool)
  /// The same answer again. `elsewhere`: from another address prefix, which is counted in the row.
  case retry(elsewhere: Bool)
  /// No, and nothing changes.
  case refuse(RefreshRefusal)
  /// Somebody holds a spent token: the session ends (RFC 9700 section 4.14.2).
  case reuse
}

/// Why a refresh is refused without consequence.
package enum RefreshRefusal: String, Error, Sendable {
  case unknownSession = "unknown_session"
  case wrongClient = "wrong_client"
  case unauthenticated = "client_not_authenticated"
  case grant = "grant_not_registered"
  case unproven = "proof_missing"
  case uncertified = "certificate_missing"
  case userInactive = "user_inactive"
  case revoked = "session_revoked"
  case expired = "session_expired"
  case scope = "scope_not_granted"
  case clock = "clock"
  case passwordChanged = "password_changed"
}

extension RefreshDecision {
  /// A rotation stamped this much later than now is more than the drift between two machines, in milliseconds.
  package static let tolerableNegativeAge: Int64 = -5000

  /// The most bytes of a scope that is asked for.
  package static let longestScope = 8192

  /// Decides, in the order of the design's section 6.
  package static func decide(_ state: RefreshState, _ presented: PresentedRefresh, _ policy: RefreshPolicy) -> Self {
    // RFC 6749 section 6: the token is bound to the client it was issued to.
    if let clientID = presented.clientID, clientID != state.clientID { return .refuse(.wrongClient) }
    if let clients = presented.clients, !clients.contains(state.clientID) { return .refuse(.wrongClient) }
    // RFC 6749 section 6: a confidential client authenticates, wherever it presents the token.
    guard !state.clientIsConfidential || presented.isAuthenticated else { return .refuse(.unauthenticated) }
    // RFC 6749 section 5.2: only for the grants the client is registered for.
    guard state.clientMayRefresh else { return .refuse(.grant) }
    if let refusal = Binding.refusal(state, presented) { return .refuse(refusal) }
    guard state.userActive else { return .refuse(.userInactive) }
    guard !state.revoked else { return .refuse(.revoked) }
    guard presented.now < min(state.idleDeadline, state.absoluteDeadline) else { return .refuse(.expired) }
    // RFC 6749 section 6: never wider. Decided before the generation, so that a mistake costs no rotation.
    guard isGranted(presented.scope ?? "", in: state.scope) else { return .refuse(.scope) }
    return decideGeneration(state, presented, policy)
  }

  /// By bytes: Swift's `==` also takes what is canonically equivalent.
  private static func isGranted(_ asked: String, in scope: String) -> Bool {
    // Bounded, since the writer asks; what is granted has each value once.
    guard asked.utf8.count <= min(scope.utf8.count + 1024, longestScope) else { return false }
    let granted = scope.utf8.split(separator: UInt8(ascii: " "))
    return asked.utf8.split(separator: UInt8(ascii: " ")).allSatisfy { value in
      granted.contains { $0.elementsEqual(value) }
    }
  }

  private static func decideGeneration(
    _ state: RefreshState, _ presented: PresentedRefresh, _ policy: RefreshPolicy
  ) -> Self {
    // The last generation can't be followed; 4,294,967,295 refreshes are more than any session lives through.
    guard presented.generation < .max else { return .refuse(.expired) }
    if presented.generation == state.generation { return .rotate(ahead: false) }
    // Its tag is ours, so it was issued: a failover lost the commit. Never the client's fault.
    if presented.generation > state.generation { return .rotate(ahead: true) }
    guard presented.generation == state.generation - 1 else { return .reuse }
    let age = presented.now - state.rotatedAt
    // Where possession of a key is proved, a repeated token tells nothing: the thief would need the key.
    let isBound = state.confirmation != nil
    let withinWindow = isBound || (policy.retryWindow > 0 && age <= policy.retryWindow)
    guard age >= tolerableNegativeAge else { return .refuse(.clock) }
    guard withinWindow else { return presented.clockIsSettling ? .refuse(.clock) : .reuse }
    let elsewhere = presented.addressPrefix != state.rotatedFrom
    // Wherever it is, it is the holder of the key.
    if isBound { return .retry(elsewhere: elsewhere) }
    // A password is changed against whoever else holds the session's tokens: the new ones are given again only there.
    if elsewhere, state.generation == state.validFrom { return .refuse(.passwordChanged) }
    if elsewhere, policy.revokesRetriesElsewhere, state.retriedElsewhere >= 1 { return .reuse }
    return .retry(elsewhere: elsewhere)
  }
}
