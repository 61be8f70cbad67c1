// Fetches documents by libcurl. A transfer blocks a thread, so each gets one of its own, for its duration: the few threads
// that run tasks must not wait for a network, and a document is fetched every few minutes, not every moment.

import Threads

/// One request.
struct HTTPRequest: Sendable {
  let url: HTTPURL
  let fields: [HTTPField]
  /// The Unix socket to connect to in place of the URL's host.
  let socket: String?
  /// Ends a transfer in which nothing has come for so many seconds, and has it take as long as it likes otherwise; nil for
  /// a document, which has its whole time in the options.
  var patience: Int?
  /// Sent by POST, percent-encoded; nil for GET.
  var form: String?
}

/// What comes of a stream.
package enum HTTPStreamPart: Sendable {
  /// The answer's status and fields; it has no body yet.
  case head(HTTPAnswer)
  /// Some bytes of the body.
  case piece([UInt8])
}

/// Fetches documents, with the same settings each time.
package final class HTTPClient: Sendable {
  private let options: HTTPOptions
  private let library: CurlLibrary
  /// Kept for the next request, for the sake of its connection.
  private let idle = Monitor<CurlHandle?>(nil)

  /// Opens libcurl when this process hasn't yet; throws the cause `library` where that fails.
  package init(_ options: HTTPOptions) throws(HTTPFailure) {
    self.options = options
    library = try CurlLibrary.shared.get()
  }

  /// Gets a document. Cancelling the task ends the wait at once, and the transfer within a second.
  /// - Parameters:
  ///   - fields: in addition to `Host` and `User-Agent`; visible ASCII.
  ///   - socket: the path of a Unix socket to connect to; the URL then decides `Host` and the target alone.
  package func get(
    _ url: HTTPURL, fields: [HTTPField] = [], socket: String? = nil
  ) async throws(HTTPFailure) -> HTTPAnswer {
    let request = HTTPRequest(url: url, fields: fields, socket: socket)
    let pending = PendingAnswer<HTTPAnswer>()
    let isStarted = Thread.detach(name: "signet-fetch") {
      pending.finish(Result { () throws(HTTPFailure) in try self.perform(request, pending.cancellation) })
    }
    guard isStarted else { throw HTTPFailure(.failed, "no thread is left") }
    return try await pending.result().get()
  }

  /// Gets an answer that goes on, and hands over what comes of it at once. Returns when the answer has ended as HTTP has
  /// it, or `take` wants no more. Cancelling the task ends the wait at once, and the transfer within a second.
  /// - Parameters:
  ///   - form: sent by POST, percent-encoded; nil for GET.
  ///   - patience: for how many seconds nothing may come.
  ///   - take: called on the transfer's own thread, one part after the other; false ends the transfer.
  package func stream(
    _ url: HTTPURL, fields: [HTTPField] = [], form: String? = nil, patience: Int,
    _ take: @escaping @Sendable (HTTPStreamPart) -> Bool
  ) async throws(HTTPFailure) {
    // A form is small; libcurl would otherwise ask whether it may send it.
    let fields = fields + (form == nil ? [] : [HTTPField("Expect", "")])
    let request = HTTPRequest(url: url, fields: fields, socket: nil, patience: patience, form: form)
    let pending = PendingAnswer<Void>()
    let isStarted = Thread.detach(name: "signet-stream") { [options, library] in
      pending.finish(
        Result { () throws(HTTPFailure) in
          // Its connection is of no use afterwards, so nothing is kept.
          try CurlHandle(library).stream(request, options, pending.cancellation, take)
        })
    }
    guard isStarted else { throw HTTPFailure(.failed, "no thread is left") }
    try await pending.result().get()
  }

  private func perform(_ request: HTTPRequest, _ cancellation: Cancellation) throws(HTTPFailure) -> HTTPAnswer {
    let kept = idle.withLock { handle in
      defer { handle = nil }
      return handle
    }
    let handle: CurlHandle
    if let kept { handle = kept } else { handle = try CurlHandle(library) }
    defer { idle.withLock { $0 = handle } }
    return try handle.get(request, options, cancellation)
  }
}

/// Where the thread leaves the answer for the task that waits.
private final class PendingAnswer<Answer: Sendable>: Sendable {
  typealias Outcome = Result<Answer, HTTPFailure>

  private struct State {
    var outcome: Outcome?
    var waiter: CheckedContinuation<Outcome, Never>?
  }

  let cancellation = Cancellation()
  private let state = Monitor(State())

  /// The first outcome counts.
  func finish(_ outcome: Outcome) {
    let waiter = state.withLock { state -> CheckedContinuation<Outcome, Never>? in
      guard state.outcome == nil else { return nil }
      state.outcome = outcome
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(returning: outcome)
  }

  /// Waits for the outcome; to be called once.
  func result() async -> Outcome {
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        let outcome = state.withLock { state -> Outcome? in
          if state.outcome == nil { state.waiter = waiter }
          return state.outcome
        }
        if let outcome { waiter.resume(returning: outcome) }
      }
    } onCancel: {
      cancellation.cancel()
      finish(.failure(HTTPFailure(.cancelled)))
    }
  }
}
