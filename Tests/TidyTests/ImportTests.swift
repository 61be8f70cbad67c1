// Which module may import which: the arrows of the design. The table stands here a second time, so that a new arrow in
// Package.swift is a decision and not a side effect; the forbidden ones hold whatever the table says.

import Testing

@Suite struct ImportTests {
  static let arrows: [String: Set<String>] = [
    "Threads": [], "JSON": [], "Telemetry": ["Threads", "Logging"], "Reactor": ["CLinux", "Threads"],
    "OpenSSL": ["COpenSSL"], "SQLite": ["CSQLite"], "Passwords": ["CArgon2", "CSodium", "Threads"],
    "Configuration": ["CYAML"], "PublicSuffixes": [], "OutgoingHTTP": ["CCurl", "Threads"],
    "Redis": ["CRedis"], "Zlib": ["CZlib"],
    "SignetVerifier": ["JOSE", "JSON", "OpenSSL", "OutgoingHTTP", "Proofs", "Threads"],
    "HTTPServer": ["OpenSSL", "Reactor", "Telemetry", "Threads"], "JOSE": ["OpenSSL", "JSON"], "SQLiteMigrations": [],
    "Proofs": ["JOSE", "JSON", "OpenSSL", "Threads"],
    "Storage": ["SQLite", "SQLiteMigrations", "Threads", "Telemetry"],
    "Identity": [
      "JOSE", "JSON", "OpenSSL", "Proofs", "Storage", "Passwords", "PublicSuffixes", "Telemetry", "Threads", "Zlib",
    ],
    "API": ["HTTPServer", "Identity", "JOSE", "JSON", "Storage", "Telemetry", "Threads"],
    "signet": [
      "API", "Configuration", "HTTPServer", "Identity", "JOSE", "JSON", "OpenSSL", "OutgoingHTTP", "Passwords",
      "Reactor", "Redis", "SignetVerifier", "Storage", "Telemetry", "Threads", "ArgumentParser", "Logging",
    ],
    "Benchmarks": [
      "Counting", "Identity", "JOSE", "JSON", "OpenSSL", "Passwords", "SignetVerifier", "SQLite", "Storage",
      "Telemetry", "Threads",
    ],
    "Counting": [], "Faults": [], "MallocCount": [],
    "ExampleService": ["SignetVerifier"],
    "FuzzTargets": [
      "API", "Configuration", "HTTPServer", "Identity", "JOSE", "JSON", "OpenSSL", "OutgoingHTTP", "Proofs",
      "Reactor", "SignetVerifier", "Telemetry",
    ],
    "Fuzz": ["FuzzTargets"],
  ]

  /// What the toolchain brings. Foundation whole is missing on purpose: it adds 45 MB to the binary.
  static let toolchain: Set<String> = ["Swift", "Glibc", "FoundationEssentials", "Synchronization"]

  /// What the first must not reach, by whatever way.
  static let forbidden: [String: Set<String>] = [
    "Identity": ["HTTPServer", "Reactor", "API"],
    "JOSE": ["Storage", "SQLite", "Identity", "HTTPServer"],
    "Proofs": ["Storage", "SQLite", "Identity", "HTTPServer"],
    "HTTPServer": ["Identity", "JOSE", "Storage", "Passwords"],
    "Storage": ["HTTPServer", "JOSE", "Identity"],
    "Reactor": wrappers, "OpenSSL": wrappers, "SQLite": wrappers, "Passwords": wrappers, "Configuration": wrappers,
    "OutgoingHTTP": wrappers, "Redis": wrappers, "Zlib": wrappers,
    // What a service takes in with the library is to stay small.
    "SignetVerifier": [
      "API", "Configuration", "HTTPServer", "Identity", "Passwords", "Reactor", "Storage", "SQLite", "Telemetry",
    ],
  ]
  private static let wrappers: Set<String> = [
    "Reactor", "OpenSSL", "SQLite", "Passwords", "Configuration", "OutgoingHTTP",
  ]

  @Test func tableEqualsThePackage() {
    let package = PackageTable.dependencies(in: SourceTree.package.lines)
    for name in Set(package.keys).union(Self.arrows.keys).sorted() {
      #expect(package[name] == Self.arrows[name], "dependencies of \(name)")
    }
  }

  @Test func forbiddenModulesAreOutOfReach() {
    for (module, forbidden) in Self.forbidden {
      var reached: Set<String> = []
      var open = Self.arrows[module] ?? []
      while let next = open.popFirst() {
        if reached.insert(next).inserted { open.formUnion(Self.arrows[next] ?? []) }
      }
      #expect(reached.subtracting([module]).isDisjoint(with: forbidden), "\(module) reaches \(reached.sorted())")
    }
  }

  @Test func importsFollowTheArrows() {
    for file in SourceTree.swiftSources {
      guard let allowed = Self.arrows[file.module]?.union(Self.toolchain) else {
        Issue.record("\(file.path): \(file.module) is not in the table")
        continue
      }
      for (number, name) in imports(of: file) {
        #expect(allowed.contains(name), "\(file.path):\(number): \(file.module) must not import \(name)")
      }
    }
  }

  /// Other packages see one module of this one.
  @Test func onlyTheLibraryIsPublic() {
    for file in SourceTree.swiftSources where file.module != "SignetVerifier" {
      for (index, line) in file.lines.enumerated() {
        let isPublic = Declarations.head(of: line)?.modifiers.contains("public") == true
        #expect(!isPublic, "\(file.path):\(index + 1): public: \(line)")
      }
    }
  }

  @Test func eachCModuleHasOneImporter() {
    var importers: [String: Set<String>] = [:]
    for file in SourceTree.swiftSources {
      for (_, name) in imports(of: file) where Self.isC(name) { importers[name, default: []].insert(file.module) }
    }
    for name in SourceTree.entries(of: "Sources") where Self.isC(name) {
      #expect(importers[name]?.count == 1, "\(name) is imported by \(importers[name, default: []].sorted())")
    }
  }

  /// COpenSSL is one, Configuration is none.
  private static func isC(_ name: String) -> Bool {
    name.first == "C" && name.dropFirst().first?.isUppercase == true
  }

  private func imports(of file: SourceFile) -> [(line: Int, module: String)] {
    file.lines.enumerated().compactMap { index, line in
      let words = line.split(separator: " ")
      guard let position = words.firstIndex(of: "import"), position + 1 < words.count,
        words[..<position].allSatisfy({ $0.first == "@" || Declarations.modifiers.contains(String($0)) })
      else { return nil }
      let kinds = ["struct", "class", "enum", "protocol", "func", "let", "var", "typealias"]
      let named = kinds.contains(String(words[position + 1])) ? position + 2 : position + 1
      guard named < words.count, let module = words[named].split(separator: ".").first else { return nil }
      return (index + 1, String(module))
    }
  }
}

/// The targets of Package.swift and what they depend on, read from its text.
enum PackageTable {
  static func dependencies(in lines: [String]) -> [String: Set<String>] {
    var table: [String: Set<String>] = [:]
    var statement = ""
    for line in lines.map({ $0.drop(while: { $0 == " " }) }) where !line.hasPrefix("//") {
      if [#"module("#, ".target(", ".executableTarget("].contains(where: line.hasPrefix) { statement = "" }
      statement += line
      guard statement.hasSuffix("),"), let (name, dependencies) = target(statement) else { continue }
      table[name] = dependencies
      statement = ""
    }
    return table
  }

  private static func target(_ statement: String) -> (String, Set<String>)? {
    let quoted = statement.split(separator: "\"", omittingEmptySubsequences: false)
    guard quoted.count > 2 else { return nil }
    if statement.hasPrefix("module(") { return (String(quoted[1]), names(after: "[", in: statement)) }
    guard statement.hasPrefix(".target(") || statement.hasPrefix(".executableTarget(") else { return nil }
    return (String(quoted[1]), names(after: "dependencies: [", in: statement))
  }

  private static func names(after opening: String, in statement: String) -> Set<String> {
    guard let start = statement.firstRange(of: opening)?.upperBound else { return [] }
    let products = ["log": "Logging", "argumentParser": "ArgumentParser"]
    let names = statement[start...].prefix { $0 != "]" }.split { $0 == "," || $0 == " " }.map { word in
      products[String(word)] ?? word.filter { $0 != "\"" }
    }
    return Set(names)
  }
}
