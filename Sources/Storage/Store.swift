// What Signet needs of a place to keep things: named operations, each decided wholly inside the store and each atomic.
//
// No operation takes a closure, so a back end may batch, pipeline and retry them. An operation which returns was made
// durable; one which throws was not acknowledged. The audit row stands in the same transaction as what it records.

/// The store. `SQLiteStore` is the one for one machine; every back end passes the same conformance tests.
package protocol Store: Sendable {
  // MARK: Users

  /// Adds a user. Throws `.exists("username")` or `.exists("email")`.
  func addUser(_ user: NewUser, now: Int64, context: RequestContext) async throws(StoreError)
  /// The user with this username, or with this confirmed e-mail address, both in their normalised form.
  func findUser(loginKey: String) async throws(StoreError) -> UserRecord?
  func findUser(id: UniqueID) async throws(StoreError) -> UserRecord?
  /// Users by username, after the given key; at most `limit`.
  func users(after: String, limit: Int) async throws(StoreError) -> [UserRecord]
  /// Disables (ending every session) or enables a user. Throws `.missing("user")`.
  func setUser(_ id: UniqueID, disabled: Bool, now: Int64, context: RequestContext) async throws(StoreError)
  /// Deletes a user and the user's sessions. Throws `.missing("user")`.
  func deleteUser(_ id: UniqueID, now: Int64, context: RequestContext) async throws(StoreError)
  /// Replaces the password hash and ends every session but `keeping`, which rises by a generation.
  /// - Returns: the kept session after its rotation. Throws `.missing` when the user is gone, or the kept session isn't live.
  func changePassword(_ change: PasswordChange) async throws(StoreError) -> SessionAndUser?
  /// Replaces a hash by one of the same password with today's parameters, unless it was changed meanwhile.
  func rehash(_ id: UniqueID, from old: String, to new: String) async throws(StoreError)

  // MARK: Sessions

  /// Adds a session; beyond `maxPerUser` the oldest ones end. Nil when the user isn't active, or the hash no longer `passwordHash`.
  func login(_ session: NewSession, passwordHash: String, maxPerUser: Int, context: RequestContext)
    async throws(StoreError) -> SessionAndUser?
  /// Decides a presented refresh token and does what was decided.
  func rotate(_ request: RotationRequest) async throws(StoreError) -> Rotation
  /// The session with its user, whether it is live or not.
  func findSession(_ id: UniqueID) async throws(StoreError) -> SessionAndUser?
  /// The user's live sessions, newest first.
  func sessions(of user: UniqueID, now: Int64) async throws(StoreError) -> [SessionRecord]
  /// Ends one session, of this user where one is named. False when it wasn't live; one that had only expired is ended
  /// all the same, since a clock set right could bring it back.
  func endSession(
    _ id: UniqueID, of user: UniqueID?, reason: RevocationReason, event: AuditEvent, now: Int64, context: RequestContext
  ) async throws(StoreError) -> Bool
  /// Ends every session of a user; how many of them were live.
  func endSessions(
    of user: UniqueID, reason: RevocationReason, event: AuditEvent, now: Int64, context: RequestContext
  ) async throws(StoreError) -> Int
  /// Deletes sessions that were over before `before`: one small step, which looks at rows after `cursor`.
  func sweepSessions(after cursor: UniqueID?, before: Int64, step: SweepStep) async throws(StoreError) -> Sweep

  // MARK: What is refused before it expires

  /// Denies one access token; false when it was denied already, or nobody takes it any more. Where it names the place in the
  /// status lists that its session has, the session gets another.
  func denyToken(_ token: TokenDenial) async throws(StoreError) -> Bool
  /// Whether an access token is denied, alone or with its session.
  func isDenied(_ token: DeniableToken) async throws(StoreError) -> Bool
  /// Rows of the denylist after `sequence`, oldest first.
  func denials(after sequence: Int64, limit: Int) async throws(StoreError) -> [Denial]
  /// Tells `listener` of every row after `sequence` from now on, each once and in order, on a thread of the store's: this
  /// process's own once they are durable and before the operation that wrote them returns, other processes' when one of
  /// its own follows or `announceDenials` is called. One listener at a time.
  func followDenials(
    after sequence: Int64, _ listener: @escaping @Sendable ([Denial]) -> Void
  ) async throws(StoreError)
  /// Has the listener told of what other processes have denied.
  func announceDenials() async throws(StoreError)
  /// How many places of the status lists were given out.
  func statusPlaces() async throws(StoreError) -> Int64
  /// Deletes rows that expired before `before`, but for the last one: one small step, which looks at rows after `cursor`. From
  /// the first step on rows that would expire before that aren't added either; what hasn't been swept is, whatever the time
  /// seems to be.
  func sweepDenials(after cursor: Int64, before: Int64, step: SweepStep) async throws(StoreError) -> DenialsSwept

  // MARK: Clients and keys

  /// Adds a client, with its MAC key where it has one: false when that was wrapped by a master key that has gone out of use
  /// meanwhile, and nothing was added. Throws `.exists("client")`.
  func addClient(
    _ client: ClientRecord, macKey: WrappedClientKey?, context: RequestContext
  ) async throws(StoreError) -> Bool
  /// Changes a client, unless it is no longer what whoever asks has read, or its new MAC key was wrapped by a master key
  /// that has gone out of use meanwhile: then false, and nothing was changed. Throws `.missing("client")`.
  func changeClient(_ change: ClientChange) async throws(StoreError) -> Bool
  /// Every client, oldest first.
  func clients() async throws(StoreError) -> [ClientRecord]
  /// Deletes a client and its sessions. Throws `.missing("client")`.
  func deleteClient(_ id: String, now: Int64, context: RequestContext) async throws(StoreError)
  /// Notes that an assertion (RFC 7523) was taken; false when it was before.
  func takeAssertion(_ assertion: TakenAssertion) async throws(StoreError) -> Bool
  /// The epoch and every key, as one state of the store.
  func keyMaterial() async throws(StoreError) -> KeyMaterial
  /// Adds secrets, unless their purpose and number are taken: whoever came first wins. With an anchor which the store
  /// doesn't hold (see `KeyChange`) nothing is added.
  func addSecrets(_ secrets: [SecretRecord], anchor: SecretRecord?, now: Int64) async throws(StoreError)
  /// Does every step of a change, or nothing; false when a key isn't where the change expects it.
  func changeKeys(_ change: KeyChange) async throws(StoreError) -> Bool
  /// Notes that an active key is to be replaced as soon as its successor was published for long enough; false when it
  /// isn't active.
  func requestRotation(of kid: String, now: Int64, context: RequestContext) async throws(StoreError) -> Bool
  /// Notes that tokens which live this long, in milliseconds, are about to be signed by these keys; false when one of
  /// them isn't active, so that it must not sign them.
  func raiseTokenLifetime(of kids: [String], to lifetime: Int64) async throws(StoreError) -> Bool
  /// Notes since when keys stand in the JWK Set, for those of which it isn't known.
  func notePublished(_ kids: [String], now: Int64) async throws(StoreError)
  /// Puts keys wrapped by another master key in the place of all; false when `old` isn't what the store holds.
  func rewrap(from old: WrappedKeys, to new: WrappedKeys, now: Int64, context: RequestContext) async throws(StoreError)
    -> Bool
  /// Replaces every key, removes the clients' MAC keys and ends every session; how many were live, or nil when the store doesn't
  /// hold what the replacement expects.
  func replaceKeys(_ replacement: KeyReplacement) async throws(StoreError) -> Int?
  /// Notes an act on a key which changes nothing, in the audit trail.
  func auditKey(_ kid: String, event: AuditEvent, now: Int64, context: RequestContext) async throws(StoreError)

  // MARK: Servers, and who reads what they publish

  /// Notes that a server lives; where it is alone by nature, the rows of others go. Rows a day old go in any case.
  func beat(_ node: NodeRecord, alone: Bool) async throws(StoreError)
  /// Forgets a server that ends.
  func leave(_ node: UniqueID) async throws(StoreError)
  /// Every server, live or not.
  func nodes() async throws(StoreError) -> [NodeRecord]
  /// Notes fetches of the JWK Set, within the bounds of `VerifierRecord`.
  func noteVerifiers(_ sightings: [VerifierSighting]) async throws(StoreError)
  /// Who fetched the JWK Set, the latest first.
  func verifiers() async throws(StoreError) -> [VerifierRecord]

  // MARK: The store itself

  /// A number which is another one after any change made by another process.
  func changeMark() async throws(StoreError) -> Int64
  /// Audit rows after `sequence`, oldest first.
  func audit(after sequence: Int64, limit: Int) async throws(StoreError) -> [AuditRecord]
  /// Writes something and makes it durable: whether the store can.
  func probe(now: Int64) async throws(StoreError)
}

extension Store {
  /// Adds a client without a MAC key. Throws `.exists("client")`.
  package func addClient(_ client: ClientRecord, context: RequestContext) async throws(StoreError) {
    _ = try await addClient(client, macKey: nil, context: context)
  }
}

/// A new password for a user.
package struct PasswordChange: Sendable {
  package let userID: UniqueID
  package let passwordHash: String
  /// The session that stays, from whose device the change was asked.
  package let keeping: UniqueID?
  /// The kept session's `validFrom` when its bearer was found good: another change since then makes this one void.
  package let validFrom: UInt32
  package let idleTTL: Int64
  package let addressPrefix: Int64
  package let now: Int64
  package let context: RequestContext

  package init(
    userID: UniqueID, passwordHash: String, keeping: UniqueID?, validFrom: UInt32 = 0, idleTTL: Int64,
    addressPrefix: Int64, now: Int64, context: RequestContext
  ) {
    self.userID = userID
    self.passwordHash = passwordHash
    self.keeping = keeping
    self.validFrom = validFrom
    self.idleTTL = idleTTL
    self.addressPrefix = addressPrefix
    self.now = now
    self.context = context
  }
}

/// How far one step over the sessions goes.
package struct SweepStep: Sendable {
  /// Rows looked at, at most.
  package let rows: Int
  /// Sessions deleted, at most.
  package let removals: Int

  package init(rows: Int, removals: Int) { (self.rows, self.removals) = (rows, removals) }
}

/// What a step over the sessions did.
package struct Sweep: Sendable, Equatable {
  package let removed: Int
  /// After which row the next step begins; nil when the end was reached.
  package let next: UniqueID?
}

/// What a step over the denylist did.
package struct DenialsSwept: Sendable, Equatable {
  package let removed: Int
  /// After which row the next step begins; nil when the end was reached.
  package let next: Int64?
}

/// A presented refresh token, with how the operator wants it decided.
package struct RotationRequest: Sendable {
  package let session: UniqueID
  package let presented: PresentedRefresh
  package let policy: RefreshPolicy
  package let context: RequestContext

  package init(session: UniqueID, presented: PresentedRefresh, policy: RefreshPolicy, context: RequestContext) {
    self.session = session
    self.presented = presented
    self.policy = policy
    self.context = context
  }
}

/// What became of a presented refresh token. Indirect: rows are large, and each frame of the tasks that hand this on would
/// have room for one.
package indirect enum Rotation: Sendable {
  /// A new generation; `session` is the row after it. `ahead`: the store had lost commits.
  case rotated(SessionAndUser, ahead: Bool)
  /// The same answer again; `session` is the row as it stands.
  case retried(SessionAndUser, elsewhere: Bool)
  case refused(RefreshRefusal)
  /// The session was ended. `distance`: how many generations old; `age`: milliseconds since the last rotation.
  case reused(userID: UniqueID, distance: Int, age: Int64)
}
