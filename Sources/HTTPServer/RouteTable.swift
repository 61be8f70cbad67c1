// A listener's router on one loop, with its options and the counters of its routes.

import Telemetry

final class RouteTable {
  let router: Router
  let options: ListenerOptions
  /// The field by which browsers are told to use TLS alone (RFC 6797 6.1), with its CR LF; empty for none.
  let strictTransport: [UInt8]
  /// Five status classes for each route, then five for what matched none.
  private let counters: [Counter]

  init(_ router: Router, _ options: ListenerOptions, _ metrics: Metrics) {
    self.router = router
    self.options = options
    let age = options.strictTransport
    strictTransport = age > 0 ? Array("Strict-Transport-Security: max-age=\(age)\r\n".utf8) : []
    counters = (router.routes.map(\.name) + ["none"]).flatMap { name in
      (1...5).map { number in
        metrics.counter(
          "signet_http_requests_total", "Requests answered, by route and class of status",
          labels: [("route", name), ("status", "\(number)xx")])
      }
    }
  }

  func count(_ exchange: Exchange) {
    let row = exchange.routeIndex >= 0 ? exchange.routeIndex : router.routes.count
    counters[row * 5 + min(max(exchange.status / 100, 1), 5) - 1].add()
  }
}
