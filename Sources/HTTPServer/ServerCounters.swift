// What a server counts besides its answers, each by one label. The values which a label can have stand here, so that
// every series is there from the start: whoever watches its increase sees the first event too.

import Telemetry

/// A counter with one label.
enum ServerCounter: CaseIterable {
  case requestErrors, timeouts, boundsReached, connectionsRefused, handshakes, handshakeFailures

  private var name: String {
    switch self {
    case .requestErrors: "signet_http_request_errors_total"
    case .timeouts: "signet_http_timeouts_total"
    case .boundsReached: "signet_http_bounds_reached_total"
    case .connectionsRefused: "signet_http_connections_refused_total"
    case .handshakes: "signet_tls_handshakes_total"
    case .handshakeFailures: "signet_tls_handshake_failures_total"
    }
  }

  private var help: String {
    switch self {
    case .requestErrors: "Requests refused as HTTP, by cause"
    case .timeouts: "Connections closed by a deadline, by kind"
    case .boundsReached: "Bounds met by open connections, by bound"
    case .connectionsRefused: "Connections turned away, by bound"
    case .handshakes: "TLS handshakes completed, by kind"
    case .handshakeFailures: "TLS handshakes that failed, by reason"
    }
  }

  private var label: String {
    switch self {
    case .requestErrors: "cause"
    case .timeouts, .handshakes: "kind"
    case .boundsReached, .connectionsRefused: "bound"
    case .handshakeFailures: "reason"
    }
  }

  /// The label's values; of errors and reasons, which are many, those that an operator waits for.
  private var values: [String] {
    switch self {
    case .requestErrors: ["head_timeout", "body_timeout", "too_many_connections"]
    case .timeouts: ["handshake", "idle", "head", "body", "write", "linger"]
    case .boundsReached:
      [
        "pipelined", "pending_output", "requests_per_connection", "handshakes", "key_updates", "forwarding_conflict",
        "stream_output",
      ]
    case .connectionsRefused:
      ["connections", "connections_per_address", "handshakes", "proxy_header", "untrusted_proxy"]
    case .handshakes: ["TLSv1.2 full", "TLSv1.2 resumed", "TLSv1.3 full", "TLSv1.3 resumed"]
    case .handshakeFailures: ["connection lost"]
    }
  }

  /// Makes the series which are foreseen.
  static func begin(_ metrics: Metrics) {
    for counter in allCases {
      for value in counter.values { _ = counter.cell(value, metrics) }
    }
  }

  /// A new cell of the series with that value.
  func cell(_ value: String, _ metrics: Metrics) -> Counter {
    metrics.counter(name, help, labels: [(label, value)])
  }
}

/// A loop's cells, made when they are first needed.
struct ServerCounters {
  let metrics: Metrics
  private var cells: [ServerCounter: [String: Counter]] = [:]

  init(_ metrics: Metrics) { self.metrics = metrics }

  /// Counts one event.
  mutating func add(_ counter: ServerCounter, _ value: String) {
    if cells[counter]?[value] == nil { cells[counter, default: [:]][value] = counter.cell(value, metrics) }
    cells[counter]?[value]?.add()
  }
}
