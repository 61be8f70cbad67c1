package struct Counter: Sendable {
  package func add(_ amount: Int = 1) {}
}
