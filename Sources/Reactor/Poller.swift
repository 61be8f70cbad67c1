// epoll and the eventfd which wakes it, behind plain Swift values.
//
// A descriptor travels through the kernel with its generation, so that an event for a descriptor which was closed and
// handed out again within the same tick is told from one for its successor. Level-triggered: what isn't read now is
// reported again. Confined to its loop, apart from `wake`.

import CLinux
import Glibc

/// What a descriptor is ready for, or is watched for.
package struct Readiness: OptionSet, Sendable {
  /// epoll's own bits.
  package let rawValue: UInt32
  /// From epoll's own bits.
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Bytes, a connection or the peer's end can be read.
  package static let read = Readiness(rawValue: EPOLLIN.rawValue)
  /// There is room to write.
  package static let write = Readiness(rawValue: EPOLLOUT.rawValue)
  /// The peer is gone altogether or the descriptor failed; reported without being asked for.
  package static let broken = Readiness(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
}

final class Poller {
  private let epoll: Int32
  private let events: UnsafeMutablePointer<signet_event>
  let waker: Waker

  /// The tag of the eventfd; no descriptor reaches that number.
  private static let wakeTag = UInt64.max

  init() {
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    waker = Waker()
    events = .allocate(capacity: Int(SIGNET_EVENTS))
    // Made at start only: without them there is no program.
    precondition(epoll >= 0, "epoll_create1: \(errno)")
    _ = signet_epoll_control(epoll, EPOLL_CTL_ADD, waker.descriptor, Readiness.read.rawValue, Self.wakeTag)
  }

  deinit {
    close(epoll)
    events.deallocate()
  }

  func add(_ descriptor: Int32, generation: UInt32, for readiness: Readiness) -> Bool {
    control(EPOLL_CTL_ADD, descriptor, generation, readiness)
  }

  func change(_ descriptor: Int32, generation: UInt32, for readiness: Readiness) {
    _ = control(EPOLL_CTL_MOD, descriptor, generation, readiness)
  }

  func remove(_ descriptor: Int32) {
    _ = signet_epoll_control(epoll, EPOLL_CTL_DEL, descriptor, 0, 0)
  }

  /// Waits for at most `milliseconds` (-1: for ever) and returns how many events `event(at:)` now holds.
  func wait(milliseconds: Int32) -> Int {
    Int(max(0, signet_epoll_wait(epoll, events, milliseconds)))
  }

  /// The event at `index`; nil when it was but a wake-up.
  func event(at index: Int) -> (descriptor: Int32, generation: UInt32, readiness: Readiness)? {
    let event = events[index]
    guard event.tag != Self.wakeTag else {
      waker.clear()
      return nil
    }
    let descriptor = Int32(truncatingIfNeeded: event.tag & 0xffff_ffff)
    return (descriptor, UInt32(event.tag >> 32), Readiness(rawValue: event.events))
  }

  private func control(_ operation: Int32, _ descriptor: Int32, _ generation: UInt32, _ readiness: Readiness) -> Bool {
    let tag = UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
    return signet_epoll_control(epoll, operation, descriptor, readiness.rawValue, tag) == 0
  }
}

/// The eventfd by which other threads wake a loop.
struct Waker: Sendable {
  let descriptor: Int32

  init() {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    precondition(descriptor >= 0, "eventfd: \(errno)")
  }

  func wake() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
  }

  func clear() {
    var count: UInt64 = 0
    _ = read(descriptor, &count, 8)
  }

  func shut() { close(descriptor) }
}
