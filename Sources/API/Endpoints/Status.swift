// The token status lists, for anybody.

import HTTPServer
import Identity

extension Endpoints {
  func status(_ exchange: Exchange) async throws(Refusal) {
    let name = exchange.parameter(0)
    guard let list = Int64(name), "\(list)" == name,
      let token = try await issuer.authority.statusLists.token(list, issuer.authority)
    else { throw Refusal(.notFound("there is no such status list"), cause: "unknown_status_list") }
    let answer = Documents.prepared("application/statuslist+jwt", token.text, maxAge: Int(StatusLists.ttl))
    exchange.respond(prepared: answer)
  }
}
