// Allocations and instructions a request, counted and not timed: the same whatever else the machine does.

import Counting
import Foundation

extension Case {
  static let counts = Case(name: "counts", about: "allocations and instructions a request, counted") { _ in
    let binary = try SignetServer.binary
    let library = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
    let mallocs = try Mallocs.count(binary, library: library + "/libMallocCount.so")
    let instructions = Command.exists("valgrind") ? try Instructions.count(binary) : [:]
    return CountedRequest.allCases.flatMap { request in
      figures(request, mallocs[request, default: [:]], Mallocs.isOurs, "mallocs", target(request))
        + figures(request, instructions[request, default: [:]], Instructions.isOurs, "instructions", .none)
    }
  }

  private static func target(_ request: CountedRequest) -> Figure.Target {
    switch request {
    case .jwks: .atMost(0)
    case .refresh: .atMost(40)
    default: .none
    }
  }

  /// Signet's own share, then the libraries'.
  private static func figures(
    _ request: CountedRequest, _ shares: Shares, _ isOurs: (String) -> Bool, _ what: String, _ target: Figure.Target
  ) -> [Figure] {
    guard !shares.isEmpty || what == "mallocs" else { return [] }
    func sum(_ wanted: Bool) -> Double {
      shares.filter { isOurs($0.key) == wanted }.values.reduce(0, +)
    }
    return [
      Figure(name: "\(request.rawValue), \(what)", value: sum(true), unit: "", target: target),
      Figure(name: "\(request.rawValue), \(what) of libraries", value: sum(false), unit: ""),
    ]
  }
}
