// The scope that a refresh asks for: what was granted at login or less, within bounds, whatever else is true of the token.

import Storage
import Testing

@Suite struct RefreshScopeTests {
  private let state = RefreshState(
    clientID: "app", scope: "read write K8", idleDeadline: 1000, absoluteDeadline: 1000, generation: 1, rotatedAt: 0,
    rotatedFrom: 7)

  private func decision(_ scope: String?, generation: UInt32 = 1, of state: RefreshState? = nil) -> RefreshDecision {
    let presented = PresentedRefresh(
      clientID: nil, scope: scope, generation: generation, addressPrefix: 7, now: 500, clockIsSettling: false)
    let policy = RefreshPolicy(retryWindow: 60_000, idleTTL: 1000, revokesRetriesElsewhere: false)
    return .decide(state ?? self.state, presented, policy)
  }

  @Test(arguments: [nil, "", " ", "read", "write read", "K8 K8 read write", "  read  "])
  func granted(scope: String?) {
    #expect(decision(scope) == .rotate(ahead: false))
  }

  /// Also in the hand of somebody with a spent token, who must not learn more of it by asking for too much.
  @Test(arguments: [
    "admin", "read admin", "rea", "readwrite", "read,write", "READ", "\u{212A}8", "read\u{0}", "read\twrite",
  ])
  func notGranted(scope: String) {
    for generation: UInt32 in [0, 1, 2] { #expect(decision(scope, generation: generation) == .refuse(.scope)) }
  }

  /// 1024 bytes beyond what was granted are looked at, and not one more.
  @Test func bounds() {
    func asked(_ size: Int) -> String { "read" + String(repeating: " ", count: size - 4) }
    let most = state.scope.utf8.count + 1024
    #expect(decision(asked(most)) == .rotate(ahead: false))
    #expect(decision(asked(most + 1)) == .refuse(.scope))
    // What is more than can be read when the token is written isn't granted first.
    var state = state
    state.scope = "read " + String(repeating: "x", count: 8000)
    #expect(decision(asked(8192), of: state) == .rotate(ahead: false))
    #expect(decision(asked(8193), of: state) == .refuse(.scope))
  }
}
