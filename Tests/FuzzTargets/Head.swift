// Requests as they come from a connection, one after the other.
//
// What is found must not depend on how the bytes were cut, and a request that is written anew must be the same request:
// two readers which disagree about where one ends is how requests are smuggled.

#if DEBUG || FUZZING
@testable import HTTPServer

extension FuzzTarget {
  /// Whole connections: request lines, fields, bodies and what follows them.
  static let head = FuzzTarget(name: "head", longest: 2048) { bytes in
    let bytes = Array(bytes)
    for limits in [Limits(), tight] {
      let whole = try Conversation([bytes[...]], limits)
      let single = try Conversation(bytes.indices.map { bytes[$0...$0] }, limits)
      try check(
        single.isLike(whole),
        "byte by byte: \(single.end), \(single.requests.count); whole: \(whole.end), "
          + "\(whole.requests.count)")
      // A place that depends on the bytes alone, so that a find can be repeated.
      let cut = bytes.isEmpty ? 0 : bytes.reduce(7) { ($0 &* 31 &+ Int($1)) & 0xffff } % bytes.count
      let halves = try Conversation([bytes[..<cut], bytes[cut...]], limits)
      try check(halves.isLike(whole), "cut at \(cut): \(halves.end); whole: \(whole.end)")
      for request in whole.requests {
        let again = try Conversation([request.text[...]], limits)
        try check(again.requests == [request], "written anew: \(shown(request.text))")
      }
    }
  }

  /// Bounds which a short input reaches, the head's below the target's as a configuration may have them.
  private static let tight: Limits = {
    var limits = Limits()
    limits.head = 160
    limits.fields = 4
    limits.target = 140
    limits.body = 48
    limits.chunkLine = 16
    return limits
  }()
}
#endif
