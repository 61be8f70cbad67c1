// What the pool answers when it won't compute. Each says when asking again makes sense, for `Retry-After`.

/// Why a password was neither hashed nor compared. It says nothing about the password, and is always a 503.
package enum HashingError: Error, Equatable {
  /// Refused at once: the queue, or the share of it which such a caller may hold, is full.
  case queueFull(retryAfterSeconds: Int)
  /// Waited until its deadline without a thread becoming free.
  case deadlinePassed(retryAfterSeconds: Int)
  /// Not enough memory for this hash.
  case memory
  /// The pool was stopped.
  case stopped

  /// When to ask again, in seconds: what the queue needs to empty at the measured speed, or a fixed guess.
  package var retryAfterSeconds: Int {
    switch self {
    case .queueFull(let seconds), .deadlinePassed(let seconds): seconds
    // Memory comes back as other hashes end; a stopped server is mostly one that restarts.
    case .memory: 1
    case .stopped: 5
    }
  }
}
