package final class Metrics: Sendable {
  package init() {}
  package func counter(_ name: String, _ help: String, labels: [(name: String, value: String)] = []) -> Counter {
    Counter()
  }
  package func gauge(
    _ name: String, _ help: String, labels: [(name: String, value: String)] = [],
    read: @escaping @Sendable () -> Double
  ) {}
}
