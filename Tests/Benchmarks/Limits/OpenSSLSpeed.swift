// What `openssl speed` reaches on one thread: the same library without Signet around it.

import Foundation

/// Signatures made and checked a second by `openssl speed`.
struct OpenSSLSpeed {
  let signing: Double
  let verifying: Double

  /// Measures one algorithm for a second each way.
  /// - Parameter algorithm: as openssl calls it: `ecdsap256`, `rsa2048`, `ed25519`.
  init(_ algorithm: String) throws {
    let output = try Command.output(["sh", "-c", "openssl speed -mr -seconds 1 \(algorithm) 2>/dev/null"])
    // Lines like `+F4:3:256:61023.3:20159.0`: signatures a second, then verifications.
    let line = output.split(separator: "\n").first {
      $0.hasPrefix("+F2:") || $0.hasPrefix("+F4:") || $0.hasPrefix("+F6:")
    }
    let fields = (line ?? "").split(separator: ":").suffix(2).compactMap { Double($0) }
    guard fields.count == 2 else { throw Failure("openssl speed \(algorithm) printed no figures: \(output)") }
    (signing, verifying) = (fields[0], fields[1])
  }
}
