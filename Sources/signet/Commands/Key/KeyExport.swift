// `signet key export`: public keys for whoever wants them, a private one for nobody but an operator who says so.

import ArgumentParser
import Identity
import JOSE
import JSON
import Storage

extension KeyCommand {
  struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export", abstract: "Print the published keys as a JWK Set, or as PEM.",
      discussion: """
        With --private KID, print that key's private part as PKCS #8, encrypted by a passphrase (PEM). It is audited, and \
        from then on the key is as safe as that file and passphrase.
        """)
    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "PEM instead of a JWK Set.") var pem = false
    @Option(help: "The key whose private part to print; pending or active.") var `private`: String?
    @Option(help: ArgumentHelp("Where the passphrase stands; - for standard input.", valueName: "file"))
    var passphraseFile: String?

    func run() async throws {
      guard self.private != nil || passphraseFile == nil else {
        throw CommandFailure.usage("--passphrase-file goes with --private KID")
      }
      try await Workbench.open(options) { bench in
        if let kid = self.private { return try await exportPrivate(kid, bench) }
        let keys = try await bench.published()
        guard !pem else { return try Output.line(keys.map { try $0.pem }.joined().trimmingLastLine) }
        var json = JSONWriter()
        try JWKSet(keys).write(into: &json)
        Output.line(String(decoding: json.bytes, as: UTF8.self))
      }
    }

    private func exportPrivate(_ kid: String, _ bench: Workbench) async throws {
      let keys = try await bench.keys()
      guard let key = keys.material.keys.first(where: { $0.kid == kid }) else { throw KeyRingError.unknownKey(kid) }
      guard key.privateKey != nil else {
        throw CommandFailure.failed("key \(kid) is \(key.state.rawValue): its private part is wiped")
      }
      var passphrase = try Passphrase.read(passphraseFile)
      defer { passphrase.wipe() }
      let pem = try keys.encryptedPEM(key, passphrase: passphrase.bytes)
      // On record before it is out.
      try await bench.store.auditKey(kid, event: .keyExported, now: Workbench.now, context: Workbench.context)
      Output.line(pem.trimmingLastLine)
    }
  }
}

extension String {
  /// Without its final line feed, which `Output.line` adds.
  fileprivate var trimmingLastLine: String { last == "\n" ? String(dropLast()) : self }
}
