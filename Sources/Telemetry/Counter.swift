// One cell of a counted thing, and the handle that its owner adds through.
//
// A cell belongs to one event loop (or thread), so an addition is one relaxed instruction on a line of cache that
// nobody else writes; `Metrics` sums the cells of a series when it is asked. Nothing else is protected, since nothing else
// changes. A counter only grows; what goes up and down is a gauge, which is read and not kept.

import Synchronization

/// A count which only grows; copies add to the same cell.
package struct Counter: Sendable {
  private let cell = CounterCell()

  /// Makes a counter which no registry writes.
  package init() {}

  /// Adds `amount`, which must not be negative.
  package func add(_ amount: Int = 1) {
    cell.count.wrappingAdd(amount, ordering: .relaxed)
  }

  /// What this cell alone has counted.
  package var value: Int { cell.count.load(ordering: .relaxed) }
}

private final class CounterCell: Sendable {
  let count = Atomic<Int>(0)
  // Keeps the counts of two neighbours on the heap 64 bytes apart: two loops must not fight for one line of cache.
  private let padding: (Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0)
}
