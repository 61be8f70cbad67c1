// `Benchmarks [NAME…] [--json FILE] [--list]`: measures the release binary and prints ratios to this machine's limits.
//
// It decides nothing: figures depend on the machine and on what else runs there. A case is one small file in Cases/ and
// one line in `Case.all`. The binary is the one that SIGNET_BINARY names, else the build folder's.

import Foundation

@main
struct Benchmarks {
  static func main() async {
    do {
      try await run(Array(CommandLine.arguments.dropFirst()))
    } catch {
      FileHandle.standardError.write(Data("benchmarks: \(error)\n".utf8))
      exit(1)
    }
  }

  private static func run(_ arguments: [String]) async throws {
    var names: [String] = []
    var json: String?
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--list":
        for one in Case.all { print("\(one.name)  \(one.about)") }
        return
      case "--bare":
        guard let folder = rest.popFirst() else { throw Failure("--bare takes a folder's name") }
        try BareProcess.run(folder)
      case "--json":
        guard let path = rest.popFirst() else { throw Failure("--json takes a file's name") }
        json = path
      case let name where name.hasPrefix("-"): throw Failure("\(name) isn't known: [NAME…] [--json FILE] [--list]")
      default: names.append(argument)
      }
    }
    try await measure(names, json)
  }

  /// Runs the named cases; all when there are no names.
  private static func measure(_ names: [String], _ json: String?) async throws {
    if let unknown = names.first(where: { name in !Case.all.contains { $0.name == name } }) {
      throw Failure("there is no case \(unknown); --list shows all")
    }
    let chosen = Case.all.filter { names.isEmpty || names.contains($0.name) }
    let machine = try Machine()
    var report = Report(machine: machine.description)
    for one in chosen {
      FileHandle.standardError.write(Data("\(one.name)…\n".utf8))
      report.figures += try await one.run(machine)
    }
    print(report.table)
    if let json { try report.json.write(to: URL(fileURLWithPath: json)) }
  }
}

/// Why nothing could be measured.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
