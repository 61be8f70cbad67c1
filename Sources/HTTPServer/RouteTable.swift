// A listener's router on one loop, with the counters of its routes.

import Telemetry

final class RouteTable {
  let router: Router
  /// Five status classes for each route, then five for what matched none.
  private let counters: [Counter]

  init(_ router: Router, _ metrics: Metrics) {
    self.router = router
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
