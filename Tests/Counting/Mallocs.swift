// Allocations a request, counted in the running server by the library of Tests/MallocCount.

import Foundation

package enum Mallocs {
  /// Every kind of request, in the order in which they are sent.
  /// - Parameter library: the built libMallocCount.so.
  package static func count(
    _ binary: String, library: String, requests: [CountedRequest] = CountedRequest.allCases
  ) throws -> [CountedRequest: Shares] {
    guard FileManager.default.fileExists(atPath: library) else { throw CountingError("\(library) isn't built") }
    return try withFolder { folder in
      let file = folder + "/mallocs"
      let server = try CountedServer(
        binary, environment: ["LD_PRELOAD": library, "SIGNET_MALLOCS": file], folder: folder)
      defer { server.stop() }
      var before: [String: Double] = [:]
      return try Rounds.least(
        requests, port: server.port,
        take: { _ in
          let now = try totals([UInt8](try Data(contentsOf: URL(fileURLWithPath: file))))
          defer { before = now }
          return now.merging(before, uniquingKeysWith: -).filter { $0.value != 0 }
        }, isOurs: isOurs)
    }
  }

  /// Swift's runtime allocates in part through the C++ library; what is left out depends on Debian's versions.
  package static func isOurs(_ object: String) -> Bool {
    !["libcrypto", "libssl", "libsqlite3"].contains { object.hasPrefix($0) }
  }

  /// The table that malloc_count.h describes: objects of a name and a count.
  package static func totals(_ file: [UInt8]) throws -> [String: Double] {
    let (name, size, objects) = (56, 64, 32)
    guard file.count >= size * objects else {
      throw CountingError("no allocation was counted: the library isn't loaded")
    }
    let bytes = file.prefix(size * objects)
    var totals: [String: Double] = [:]
    for start in stride(from: 0, to: bytes.count, by: size) where bytes[start] != 0 {
      let text = String(decoding: bytes[start..<start + name].prefix { $0 != 0 }, as: UTF8.self)
      let count = (0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[start + name + $1]) }
      totals[text, default: 0] += Double(count)
    }
    return totals
  }
}
