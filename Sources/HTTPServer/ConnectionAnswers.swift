// A connection's second half: running endpoints, and refusing what is no request.

import Reactor

extension HTTPConnection {
  /// Has the request answered by its endpoint.
  func dispatch(_ exchange: Exchange, on loop: isolated EventLoop) {
    phase = .answering
    armed = .idle
    watch?.setDeadline(nil, on: loop)
    exchange.begin(at: loop.nowMicroseconds)
    requests += 1
    if requests == worker.limits.requestsPerConnection {
      worker.reached("requests_per_connection")
      exchange.mustClose = true
    }
    switch routes.router.select(exchange) {
    case nil: finish(exchange, on: loop)
    case .immediate(let answer):
      answer(exchange)
      finish(exchange, on: loop)
    case .deferred(let answer): run(answer, exchange, on: loop)
    }
  }

  /// Starts a deferred endpoint. It prefers the loop to the runtime's pool, so it never leaves this thread by itself;
  /// it begins in this very tick, and what doesn't suspend is answered in it.
  private func run(_ answer: @escaping (Exchange) async -> Void, _ exchange: Exchange, on loop: isolated EventLoop) {
    isDispatching = true
    Task.immediate(executorPreference: loop) {
      await answer(exchange)
      self.returned(exchange, on: loop)
    }
    isDispatching = false
  }

  private func returned(_ exchange: Exchange, on loop: isolated EventLoop) {
    if phase == .closed {
      exchange.endStream()
      if exchange.isAnswered { worker.record(exchange) }
      return release(on: loop)
    }
    finish(exchange, on: loop)
    // While dispatching, the loop over the buffered requests goes on by itself.
    if !isDispatching { advance(on: loop) }
  }

  private func finish(_ exchange: Exchange, on loop: isolated EventLoop) {
    if !exchange.isAnswered {
      worker.count(.requestErrors, HTTPError.noAnswer.cause)
      routes.router.fail(.noAnswer, exchange)
    }
    worker.record(exchange)
    if exchange.closes {
      // A stream is always the last answer, so the others aren't asked.
      exchange.endStream()
      phase = .closing
    } else {
      phase = .reading
    }
    exchange.input.consume(exchange.parser.position)
    exchange.parser.reset()
    sentContinue = false
    queueOutput()
  }

  /// Answers bytes which are no request, and closes.
  func refuse(_ error: HTTPError, _ exchange: Exchange, on loop: isolated EventLoop) {
    worker.count(.requestErrors, error.cause)
    exchange.begin(at: loop.nowMicroseconds)
    exchange.mustClose = true
    if exchange.cause == nil { exchange.cause = error.cause }
    routes.router.fail(error, exchange)
    worker.record(exchange)
    phase = .closing
    watch?.setDeadline(nil, on: loop)
    queueOutput()
  }
}
