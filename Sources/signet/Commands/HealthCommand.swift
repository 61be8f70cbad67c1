// `signet health`: asks the server of the data folder whether it is ready, the way its clients would.

import ArgumentParser
import Configuration
import JSON
import OutgoingHTTP

struct HealthCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "health", abstract: "Exit 0 when the server on this data folder is ready.")
  @OptionGroup var options: ConfigurationOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let settings = try options.load().settings
    let folder = try DataFolder(existing: settings.data)
    let addresses = folder.recordedAddresses
    guard folder.isServed else {
      throw CommandFailure.failed("no server runs on \(settings.data); start one by `signet serve`")
    }
    guard let address = addresses.first else {
      throw CommandFailure.failed(
        "the server has no listener without proxy=v2 to ask; give it one, such as admin.listen")
    }
    let answer = try await ask(address)
    guard answer.status == 200 else {
      throw CommandFailure.failed("the server isn't ready: \(String(decoding: answer.body, as: UTF8.self))")
    }
    Output.done("ready", [JSONMember("status", .string("ready"))], json: output.json)
  }

  /// Asks `http://…`, `https://…` or `unix:/path`, as the server recorded it.
  private func ask(_ address: String) async throws -> HTTPAnswer {
    var options = HTTPOptions(userAgent: "signet/\(Signet.version)")
    options.timeout = 5000
    // The certificate is for the name that clients use, not for the address of the listener, so it can't be checked. That
    // is harmless: nothing secret is sent, a status alone is read, and the address is one that the server, which holds
    // the lock on the folder, has bound on this machine.
    options.trust = .anyone
    let socket = address.hasPrefix("unix:") ? String(address.dropFirst(5)) : nil
    do {
      let url = try HTTPURL((socket == nil ? address : "http://localhost") + "/readyz")
      return try await HTTPClient(options).get(url, socket: socket)
    } catch {
      throw CommandFailure.failed("the server at \(address) doesn't say whether it is ready: \(error)")
    }
  }
}
