// Why the store could not do what was asked; never why a request is refused, which is a result.

/// A failed operation of the store. Nothing of it was acknowledged.
package enum StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The disk is full.
  case full
  /// The data folder or file can't be written.
  case readOnly
  /// Another process held the lock for too long.
  case busy
  /// The queue is full, or the request waited past its deadline.
  case overloaded
  /// The store is being closed.
  case closed
  /// What is to be added is there already; which member, in the API's words.
  case exists(String)
  /// What is to be changed isn't there.
  case missing(String)
  /// The database was written by a newer program, or its history was altered.
  case schema(String)
  /// Anything else, with the failing call and the system's words.
  case failed(String)

  package var description: String {
    switch self {
    case .full: "the disk is full; free some room and the service returns by itself"
    case .readOnly: "the data folder can't be written; give the server's user write access to it"
    case .busy: "another process holds the database's lock; end it, or try again"
    case .overloaded: "the store's queue is full"
    case .closed: "the store is closing"
    case .exists(let what): "that \(what) exists already"
    case .missing(let what): "there is no such \(what)"
    case .schema(let why): why
    case .failed(let why): why
    }
  }

  /// A short word for logs and metrics.
  package var cause: String {
    switch self {
    case .full: "disk_full"
    case .readOnly: "store_read_only"
    case .busy: "store_busy"
    case .overloaded: "store_overloaded"
    case .closed: "store_closed"
    case .exists: "exists"
    case .missing: "missing"
    case .schema: "store_schema"
    case .failed: "store_failed"
    }
  }
}
