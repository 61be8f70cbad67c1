// `signet user …`: the people who log in.

import ArgumentParser
import Configuration
import Identity
import JSON
import OpenSSL
import Storage

struct UserCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user", abstract: "Add, list, show, disable, enable and delete users; set passwords.",
    subcommands: [Add.self, List.self, Show.self, Disable.self, Enable.self, Delete.self, SetPassword.self])
}

extension UserCommand {
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "add", abstract: "Add a user.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The username: 1 to 254 bytes, found regardless of case.") var name: String
    @Option(help: "An e-mail address, with which the user can log in too.") var email: String?
    @Flag(help: "The address wasn't confirmed: no login by it.") var emailUnverified = false
    @Option(name: .customLong("role"), help: "A role that stands in the user's access tokens; may be repeated.")
    var roles: [String] = []
    @Flag(help: "Read the password from standard input.") var passwordStdin = false

    func run() async throws {
      let (username, address) = (try username(), try address())
      // Else it could one day be in the way of whoever owns the address.
      guard !name.contains("@") || address?.key == username.key && !emailUnverified else {
        throw CommandFailure.usage(
          "a username with @ must be the user's own confirmed address; give --email \(name) too")
      }
      let password = try PasswordPrompt.read(fromStandardInput: passwordStdin)
      try await Workbench.open(options, creating: true) { bench in
        try checkPassword(password, for: name, bench)
        let user = NewUser(
          id: UniqueID(random: Random.bytes(16)), username: username.text, usernameKey: username.key,
          email: address?.text, emailKey: address?.key, emailVerified: address != nil && !emailUnverified,
          passwordHash: try await bench.hash(password), roles: Output.text(.array(roles.map(JSONValue.string))))
        try await bench.store.addUser(user, now: Workbench.now, context: Workbench.context)
        Output.done(
          "added user \(username.text), id \(user.id)",
          [JSONMember("id", .string(user.id.description)), JSONMember("username", .string(username.text))],
          json: output.json)
      }
    }

    private func username() throws -> Username {
      guard let username = Username(name) else {
        throw CommandFailure.usage(
          "a username has 1 to \(Username.limit) bytes, no control characters and no space at either end")
      }
      if let bad = roles.first(where: { !Role.isValid($0) || $0.hasPrefix("signet:") && $0 != "signet:admin" }) {
        throw CommandFailure.usage("role \(bad) isn't 1 to 64 letters, digits and ._:- (signet: is reserved)")
      }
      return username
    }

    private func address() throws -> EmailAddress? {
      guard let email else { return nil }
      guard let address = EmailAddress(email) else {
        throw CommandFailure.usage("\(email) can't be an e-mail address; give one like name@example.com")
      }
      return address
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List users by name.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await Workbench.open(options) { bench in
        var table = Table(columns: ["id", "username", "email", "roles", "disabled", "created_at"])
        var after = ""
        while true {
          let page = try await bench.store.users(after: after, limit: 1000)
          for user in page { table.rows.append(row(user)) }
          guard page.count == 1000, let last = page.last else { break }
          after = Username.key(last.username)
        }
        table.print(json: output.json)
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one user.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The username.") var name: String

    func run() async throws {
      try await Workbench.open(options) { bench in
        let user = try await bench.user(name)
        let live = try await bench.store.sessions(of: user.id, now: Workbench.now).count
        var table = Table(columns: ["id", "username", "email", "roles", "disabled", "created_at", "sessions"])
        table.rows = [row(user) + [.integer(Int64(live))]]
        table.print(json: output.json)
      }
    }
  }

  struct Disable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "disable", abstract: "Disable a user and end the user's sessions.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The username.") var name: String

    func run() async throws { try await set(name, disabled: true, options, output) }
  }

  struct Enable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "enable", abstract: "Let a disabled user log in again.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The username.") var name: String

    func run() async throws { try await set(name, disabled: false, options, output) }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "delete", abstract: "Delete a user and the user's sessions, for good.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The username.") var name: String

    func run() async throws {
      try await Workbench.open(options) { bench in
        let user = try await bench.user(name)
        try await bench.store.deleteUser(user.id, now: Workbench.now, context: Workbench.context)
        Output.done(
          "deleted user \(user.username)", [JSONMember("id", .string(user.id.description))], json: output.json)
      }
    }
  }

  struct SetPassword: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set-password", abstract: "Set a user's password and end the user's sessions.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The username.") var name: String
    @Flag(help: "Read the password from standard input.") var passwordStdin = false

    func run() async throws {
      let password = try PasswordPrompt.read(fromStandardInput: passwordStdin)
      try await Workbench.open(options) { bench in
        let user = try await bench.user(name)
        try checkPassword(password, for: user.username, bench)
        let change = PasswordChange(
          userID: user.id, passwordHash: try await bench.hash(password), keeping: nil, idleTTL: 0, addressPrefix: 0,
          now: Workbench.now, context: Workbench.context)
        _ = try await bench.store.changePassword(change)
        Output.done(
          "set the password of \(user.username); the user is signed out everywhere",
          [JSONMember("id", .string(user.id.description))], json: output.json)
      }
    }
  }
}

private func checkPassword(_ password: String, for username: String, _ bench: Workbench) throws {
  let minimum = bench.settings.password.minLength
  if let why = PasswordRule.objection(to: password, username: username, minimumLength: minimum) {
    throw CommandFailure.usage(why)
  }
}

private func set(
  _ name: String, disabled: Bool, _ options: ConfigurationOptions, _ output: OutputOptions
) async throws {
  try await Workbench.open(options) { bench in
    let user = try await bench.user(name)
    try await bench.store.setUser(user.id, disabled: disabled, now: Workbench.now, context: Workbench.context)
    let sentence =
      disabled ? "disabled \(user.username); every session has ended" : "enabled \(user.username)"
    Output.done(sentence, [JSONMember("id", .string(user.id.description))], json: output.json)
  }
}

private func row(_ user: UserRecord) -> [JSONValue] {
  [
    .string(user.id.description), .string(user.username), JSONValue(user.email),
    (try? JSONValue.parse(Array(user.roles.utf8))) ?? .array([]), .bool(!user.isActive),
    .string(Time.text(user.createdAt)),
  ]
}
