// Instructions a request, counted by valgrind's callgrind in the running server: `vgdb` has it write what it counted
// since the last time, so one start serves for every kind of request.

import Foundation

package enum Instructions {
  /// Every kind of request, in the order in which they are sent.
  package static func count(
    _ binary: String, requests: [CountedRequest] = CountedRequest.allCases
  ) throws -> [CountedRequest: Shares] {
    try withFolder { folder in
      let file = folder + "/callgrind"
      let server = try CountedServer(
        binary, prefix: ["valgrind", "--tool=callgrind", "--vgdb=yes", "--callgrind-out-file=" + file], folder: folder)
      defer { server.stop() }
      var written = 0
      return try Rounds.least(
        requests, port: server.port,
        take: { request in
          try write(server.identifier, request)
          written += 1
          return shares(try String(contentsOfFile: "\(file).\(written)", encoding: .utf8), of: binary)
        }, isOurs: isOurs)
    }
  }

  /// OpenSSL's and the C library's depend on the processor, and with SQLite's on Debian's versions.
  package static func isOurs(_ object: String) -> Bool { object == "signet" }

  /// Has callgrind write a file.
  private static func write(_ identifier: Int32, _ request: CountedRequest) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["vgdb", "--pid=\(identifier)", "dump", request.rawValue]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CountingError("vgdb can't reach callgrind") }
  }

  /// The sums of a callgrind file by object. `ob=` says whose the following lines of costs are, a number standing for a
  /// name from its second time on; the line after a `calls=` belongs to what was called, which has lines of its own.
  package static func shares(_ file: String, of binary: String) -> Shares {
    var (shares, names, object): (Shares, [Substring: String], String) = ([:], [:], "")
    var isCall = false
    for line in file.split(separator: "\n") {
      if line.hasPrefix("ob=") || line.hasPrefix("cob=") {
        let parts = line.drop { $0 != "(" }.split(separator: " ", maxSplits: 1)
        guard let number = parts.first else { continue }
        if parts.count == 2 {
          names[number] = parts[1] == binary ? "signet" : parts[1].split(separator: "/").last.map { String($0) }
        }
        if line.hasPrefix("ob=") { object = names[number, default: ""] }
      } else if line.hasPrefix("calls=") {
        isCall = true
      } else if let first = line.utf8.first, (48...57).contains(first) || first == 43 || first == 45 || first == 42 {
        if !isCall { shares[object, default: 0] += line.split(separator: " ").last.flatMap { Double($0) } ?? 0 }
        isCall = false
      }
    }
    return shares
  }
}
