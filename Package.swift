// swift-tools-version: 6.2
import PackageDescription

// Swift modules which import C see every C call as unsafe, so strict memory safety is for the others.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]
let safe = settings + [.strictMemorySafety()]

// A start waits for the dynamic linker: packed relocations, no names for others, and none of libstdc++'s to look up take
// 2 of 9 ms and 2 of 21 MB off it.
let lean: [LinkerSetting] = [
  .unsafeFlags(
    ["-use-ld=lld", "-L\(Context.packageDirectory)/Sources/CLinux/static", "-Xclang-linker", "-static-libgcc"]
      + ["-z", "pack-relative-relocs", "--no-export-dynamic"].flatMap { ["-Xlinker", $0] },
    .when(configuration: .release))
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")

func module(_ name: String, _ dependencies: [Target.Dependency], _ settings: [SwiftSetting] = settings) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
  name: "signet",
  products: [
    .executable(name: "signet", targets: ["signet"]),
    .library(name: "SignetVerifier", targets: ["SignetVerifier"]),
    .library(name: "Faults", type: .dynamic, targets: ["Faults"]),
    .library(name: "MallocCount", type: .dynamic, targets: ["MallocCount"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
  ],
  targets: [
    // The C boundary: a module map and a header each, imported by exactly one Swift module.
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    // No pkgConfig, which would link it: see its header.
    .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CRedis", providers: [.apt(["libhiredis-dev"])]),
    .systemLibrary(name: "CZlib"),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

    // One thin wrapper each; siblings never import each other.
    module("Threads", []),
    module("JSON", [], safe),
    module("Telemetry", ["Threads", log]),
    module("Reactor", ["CLinux", "Threads"]),
    module("OpenSSL", ["COpenSSL"]),
    module("SQLite", ["CSQLite"]),
    module("Passwords", ["CArgon2", "CSodium", "Threads"]),
    module("Configuration", ["CYAML"]),
    module("OutgoingHTTP", ["CCurl", "Threads"]),
    module("PublicSuffixes", []),
    module("Redis", ["CRedis"]),
    module("Zlib", ["CZlib"]),

    // What Signet is made of.
    module("HTTPServer", ["OpenSSL", "Reactor", "Telemetry", "Threads"]),
    module("JOSE", ["OpenSSL", "JSON"]),
    // Proof of possession: for the server, and for services that verify bound tokens.
    module("Proofs", ["JOSE", "JSON", "OpenSSL", "Threads"]),
    .target(
      name: "SQLiteMigrations", path: "migrations/sqlite",
      resources: [
        .embedInCode("v0001_initial.sql"), .embedInCode("v0002_keys.sql"), .embedInCode("v0003_clients.sql"),
        .embedInCode("v0004_client_authentication.sql"), .embedInCode("v0005_denied.sql"),
        .embedInCode("v0006_status.sql"),
      ], swiftSettings: settings),
    // For services that verify access tokens: the only module with a public surface.
    module("SignetVerifier", ["JOSE", "JSON", "OpenSSL", "OutgoingHTTP", "Proofs", "Threads"], safe),
    module("Storage", ["SQLite", "SQLiteMigrations", "Threads", "Telemetry"]),
    module(
      "Identity",
      ["JOSE", "JSON", "OpenSSL", "Proofs", "Storage", "Passwords", "PublicSuffixes", "Telemetry", "Threads", "Zlib"]),
    .target(
      name: "API", dependencies: ["HTTPServer", "Identity", "JOSE", "JSON", "Storage", "Telemetry", "Threads"],
      resources: [.embedInCode("openapi.json")], swiftSettings: settings),
    .executableTarget(
      name: "signet",
      dependencies: [
        "API", "Configuration", "HTTPServer", "Identity", "JOSE", "JSON", "OpenSSL", "OutgoingHTTP", "Passwords",
        "Reactor", "Redis", "SignetVerifier", "Storage", "Telemetry", "Threads", argumentParser, log,
      ],
      swiftSettings: settings, linkerSettings: lean),

    // A program that prints figures; see Tests/Benchmarks/Benchmarks.swift.
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "Counting", "Identity", "JOSE", "JSON", "OpenSSL", "Passwords", "SignetVerifier", "SQLite", "Storage",
        "Telemetry", "Threads",
      ],
      path: "Tests/Benchmarks", swiftSettings: settings),

    // What a request costs in allocations and instructions, for the tests that hold it and for the benchmarks.
    .target(name: "Counting", dependencies: [], path: "Tests/Counting", swiftSettings: settings),

    // What a service does with the library; it knows nothing else of this package.
    .executableTarget(
      name: "ExampleService", dependencies: ["SignetVerifier"], path: "Tests/ExampleService", swiftSettings: settings),

    // What `make fuzz` runs; see Tests/FuzzTargets/FuzzTarget.swift. They reach what other modules keep to themselves,
    // so they are empty where testing isn't enabled: in release builds other than `make fuzz`.
    .target(
      name: "FuzzTargets",
      dependencies: [
        "API", "Configuration", "HTTPServer", "Identity", "JOSE", "JSON", "OpenSSL", "OutgoingHTTP", "Proofs",
        "Reactor", "SignetVerifier", "Telemetry",
      ],
      path: "Tests/FuzzTargets", exclude: ["Seeds"], swiftSettings: settings),
    .executableTarget(name: "Fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz", swiftSettings: settings),
    // For LD_PRELOAD: breaks the system's calls under the live tests' servers; see Tests/Faults/calls.c.
    .target(
      name: "Faults", path: "Tests/Faults", publicHeadersPath: ".",
      cSettings: [.treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra")]),
    // For LD_PRELOAD: counts a server's allocations; see Tests/MallocCount/count.c.
    .target(
      name: "MallocCount", path: "Tests/MallocCount", publicHeadersPath: ".",
      cSettings: [.treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra")]),

    tests("ConfigurationTests", ["Configuration"]),
    // Against the release binary; they compare under `make test` alone.
    .testTarget(
      name: "CostTests", dependencies: ["Counting"], exclude: ["costs.json"], swiftSettings: settings),
    tests("FuzzTests", ["FuzzTargets"]),
    tests("HTTPServerTests", ["HTTPServer", "OpenSSL", "Reactor", "Telemetry", "Threads"]),
    tests("IdentityTests", ["Identity", "SQLite", "Storage", "JOSE", "JSON", "OpenSSL", "Passwords", "Telemetry"]),
    tests("JOSETests", ["JOSE", "JSON", "OpenSSL"]),
    tests("JSONTests", ["JSON"]),
    // Against the built executable, as clients and operators meet it.
    tests("LiveTests", []),
    tests("OpenSSLTests", ["OpenSSL"]),
    tests("OutgoingHTTPTests", ["OutgoingHTTP", "Threads"]),
    tests("PasswordsTests", ["Passwords"]),
    tests("ProofsTests", ["Proofs", "JOSE", "JSON", "OpenSSL"]),
    tests("ReactorTests", ["Reactor"]),
    tests("RedisTests", ["Redis", "Threads"]),
    tests("SignetVerifierTests", ["SignetVerifier", "JOSE", "JSON", "OpenSSL", "Threads"]),
    tests("StorageTests", ["Storage", "Reactor", "SQLite", "OpenSSL", "Telemetry", "Threads"]),
    tests("TelemetryTests", ["Telemetry"]),
    tests("TidyTests", []),
  ]
)
