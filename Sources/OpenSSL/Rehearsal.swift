// OpenSSL's first uses, gone through for nothing: it reads openssl.cnf, starts its providers, seeds its generator and
// looks up each algorithm when it is first asked, 5 ms in all, which a thread can spend while others read files.

/// What a server is going to ask of OpenSSL, with a key that nobody keeps; safe from any thread.
package enum Rehearsal {
  /// Errors are left to the real use, which can say what they mean.
  package static func run() {
    let key = Random.bytes(AES256GCM.keySize)
    do throws(OpenSSLError) {
      let sealed = try AES256GCM.seal(key, key: key, associatedData: key)
      _ = try HMACSHA256(key: try AES256GCM.open(sealed, key: key, associatedData: key)).tag(Digest.sha256(key))
      let pair = try PrivateKey(pkcs8: try PrivateKey.generate(.p256).pkcs8())
      try sign(key, by: pair)
    } catch {}
  }

  private static func sign(_ message: [UInt8], by key: PrivateKey) throws(OpenSSLError) {
    let signer = try Signer(key: key, scheme: .ecdsa(.p256))
    var signature = [UInt8](repeating: 0, count: signer.signatureSize)
    try message.withBytes { message throws(OpenSSLError) in
      try signature.withMutableBytes { output throws(OpenSSLError) in try signer.sign(message, into: output) }
    }
    let verifier = try Verifier(key: key.publicKey, scheme: .ecdsa(.p256))
    _ = message.withUnsafeBytes { message in signature.withUnsafeBytes { verifier.isValid($0, over: message) } }
  }
}
