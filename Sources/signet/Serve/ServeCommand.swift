// `signet serve`: the server, until it is told to stop.

import ArgumentParser
import Configuration

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Listen until SIGTERM, which drains; SIGHUP reads the configuration again.")
  @OptionGroup var options: ConfigurationOptions

  func run() async throws {
    let loaded = try options.load()
    let server = try await Server(loaded)
    await server.announce()
    for await signal in Signals.stream() {
      switch signal {
      case .reload: await server.reload { try options.load() }
      case .stop:
        await server.stop()
        return
      }
    }
  }
}
