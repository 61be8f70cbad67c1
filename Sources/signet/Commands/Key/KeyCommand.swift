// `signet key …`: the keys that sign access tokens, and the master key that wraps all others.

import ArgumentParser
import Identity
import JSON
import Storage

struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Show, rotate, rehearse, revoke and export signing keys; change the master key.",
    subcommands: [List.self, Rotate.self, Rehearse.self, Revoke.self, Export.self, Rewrap.self])
}

extension KeyCommand {
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List signing keys, oldest first, and what comes next for each.",
      discussion: "What comes next is reckoned by the wall clock; the running server goes by one that never jumps.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await Workbench.open(options) { bench in
        let keys = try await bench.store.keyMaterial().keys
        let policy = bench.settings.keyPolicy
        guard !output.json else { return Self.json(keys, policy) }
        var table = Table(columns: ["kid", "algorithm", "state", "since", "next", "reason"])
        table.rows = keys.map { key in
          [
            .string(key.kid), .string(key.algorithm), .string(key.state.rawValue), .string(Time.text(key.since)),
            JSONValue(KeyPlan(key, among: keys, policy).sentence), JSONValue(key.revokedReason),
          ]
        }
        table.print(json: false)
      }
    }

    private static func json(_ keys: [KeyRecord], _ policy: KeyPolicy) {
      var table = Table(
        columns: [
          "kid", "algorithm", "state", "created_at", "published_at", "activated_at", "retired_at", "revoked_at",
          "rotation_requested_at", "token_lifetime", "next", "next_at", "reason",
        ])
      table.rows = keys.map { key in
        let plan = KeyPlan(key, among: keys, policy)
        return [
          .string(key.kid), .string(key.algorithm), .string(key.state.rawValue), .string(Time.text(key.createdAt)),
          JSONValue(key.publishedAt.map(Time.text)), JSONValue(key.activatedAt.map(Time.text)),
          JSONValue(key.retiredAt.map(Time.text)), JSONValue(key.revokedAt.map(Time.text)),
          JSONValue(key.rotationRequestedAt.map(Time.text)), .integer(key.tokenLifetime / 1000),
          JSONValue(plan.word), JSONValue(plan.time.map(Time.text)), JSONValue(key.revokedReason),
        ]
      }
      table.print(json: true)
    }
  }
}

extension KeyRecord {
  /// When its state began, in milliseconds since 1970.
  fileprivate var since: Int64 {
    switch state {
    case .pending: publishedAt ?? createdAt
    case .active: activatedAt ?? createdAt
    case .retired: retiredAt ?? createdAt
    case .revoked: revokedAt ?? createdAt
    }
  }
}

extension KeyPlan {
  /// For programs.
  fileprivate var word: String? {
    switch self {
    case .signs: "signs"
    case .waits: "waits"
    case .rotates: "rotates"
    case .stays: "stays"
    case .goes: "goes"
    case .none: nil
    }
  }

  fileprivate var sentence: String? {
    switch self {
    case .signs(let time): "signs from \(Time.text(time))"
    case .waits: "signs when a rotation is asked for, or due by a running server"
    case .rotates(let time): "rotates \(Time.text(time))"
    case .stays: "rotates when asked, or when the next key was published by a server"
    case .goes(let time): "goes \(Time.text(time))"
    case .none: nil
    }
  }
}
