// ES256 signatures on one core: what a refresh can't do without.

import OpenSSL

extension Machine {
  func signing() async throws -> Figure.Limit {
    try await once("ES256 signatures/s, one core") {
      let signer = try Signer(key: PrivateKey.generate(.p256), scheme: .ecdsa(.p256))
      let input = [UInt8](repeating: 0x61, count: 600)
      var signature = [UInt8](repeating: 0, count: signer.signatureSize)
      return try Machine.rate(seconds: 2) {
        try input.withUnsafeBytes { bytes in
          try signature.withUnsafeMutableBytes { try signer.sign(bytes, into: $0) }
        }
      }
    }
  }
}
