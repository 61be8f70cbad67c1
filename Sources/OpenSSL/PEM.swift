// Keys in PEM (RFC 7468). The block's name says what it holds, and only that is tried: OpenSSL's own readers would guess,
// ask for a passphrase on the terminal, and take the encryption of the nineties, whose key comes of one MD5.

import COpenSSL

/// The blocks that hold keys.
enum PEMBlock {
  /// The largest text that is read, in bytes; an RSA key of 8192 bits takes 6,400.
  private static let largest = 1 << 16

  /// Reads the first block which is not `EC PARAMETERS`, which `openssl ecparam` puts before a key that names its curve
  /// itself. The caller wipes the bytes.
  static func read(_ text: String) throws(OpenSSLError) -> (name: String, bytes: [UInt8]) {
    guard text.utf8.count <= largest else { throw OpenSSLError(call: "PEM_read_bio", reason: "larger than 64 KiB") }
    var copy = Array(text.utf8)
    defer { wipe(&copy) }
    // The memory BIO borrows the copy.
    let result: Result<(name: String, bytes: [UInt8]), OpenSSLError> = copy.withUnsafeBytes { buffer in
      let source = BIO_new_mem_buf(buffer.baseAddress, Int32(buffer.count))
      defer { BIO_free(source) }
      do throws(OpenSSLError) {
        var block = try next(source)
        if block.name == "EC PARAMETERS" { block = try next(source) }
        return .success(block)
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  private static func next(_ source: OpaquePointer?) throws(OpenSSLError) -> (name: String, bytes: [UInt8]) {
    var name: UnsafeMutablePointer<CChar>?
    var header: UnsafeMutablePointer<CChar>?
    var data: UnsafeMutablePointer<UInt8>?
    var size = 0
    try OpenSSLError.check(PEM_read_bio(source, &name, &header, &data, &size), "PEM_read_bio")
    defer {
      signet_free(name)
      signet_free(header)
      CRYPTO_clear_free(data, size, "", 0)
    }
    guard let name, let data, header?.pointee == 0 else {
      throw OpenSSLError(call: "PEM_read_bio", reason: "encrypted in a way that is not supported; use PKCS#8")
    }
    return (String(cString: name), Array(UnsafeBufferPointer(start: data, count: size)))
  }

  /// What `write` puts into a BIO, as text.
  static func write(
    _ call: String, _ write: (OpaquePointer) -> Int32
  ) throws(OpenSSLError) -> String {
    let target = try OpenSSLError.unwrap(BIO_new(BIO_s_mem()), "BIO_new")
    defer { BIO_free(target) }
    try OpenSSLError.check(write(target), call)
    var text = [UInt8](repeating: 0, count: BIO_ctrl_pending(target))
    let size = BIO_read(target, &text, Int32(text.count))
    guard size == text.count else { throw OpenSSLError("BIO_read") }
    return String(decoding: text, as: UTF8.self)
  }

  static func unknown(_ name: String) -> OpenSSLError {
    OpenSSLError(call: "PEM_read_bio", reason: "a block that is not such a key: \(name.prefix(40))")
  }
}

extension PublicKey {
  /// Reads the first PEM block, which must be a `PUBLIC KEY` (SubjectPublicKeyInfo) or an `RSA PUBLIC KEY` (PKCS#1).
  package convenience init(pem: String) throws(OpenSSLError) {
    let block = try PEMBlock.read(pem)
    switch block.name {
    case "PUBLIC KEY": try self.init(spki: block.bytes)
    case "RSA PUBLIC KEY":
      try self.init(
        try decodeDER(block.bytes, "d2i_PublicKey", free: EVP_PKEY_free) { d2i_PublicKey(EVP_PKEY_RSA, nil, $0, $1) })
    default: throw PEMBlock.unknown(block.name)
    }
  }

  /// The SubjectPublicKeyInfo in PEM, with its final newline.
  package func pem() throws(OpenSSLError) -> String {
    try PEMBlock.write("PEM_write_bio_PUBKEY") { PEM_write_bio_PUBKEY($0, pointer) }
  }
}

extension PrivateKey {
  /// The rounds of PBKDF2 with HMAC-SHA-256 which an export takes: OWASP's figure, a quarter of a second.
  package static let iterations = 600_000
  /// The most rounds that a foreign file may ask for: some seconds.
  package static let mostIterations = 5_000_000

  /// Reads the first PEM block: `PRIVATE KEY` (PKCS#8), `ENCRYPTED PRIVATE KEY` (PKCS#8 with PBES2, RFC 8018 6.2),
  /// `EC PRIVATE KEY` (SEC 1) or `RSA PRIVATE KEY` (PKCS#1). Throws when its parts do not fit together, when the
  /// passphrase is wrong, missing or given for a key that is not encrypted.
  package convenience init(pem: String, passphrase: [UInt8]? = nil) throws(OpenSSLError) {
    var block = try PEMBlock.read(pem)
    defer { wipe(&block.bytes) }
    guard (passphrase != nil) == (block.name == "ENCRYPTED PRIVATE KEY") else {
      throw OpenSSLError(call: "PEM_read_bio", reason: "a passphrase is given for encrypted keys, and only for them")
    }
    switch block.name {
    case "PRIVATE KEY": try self.init(pkcs8: block.bytes)
    case "ENCRYPTED PRIVATE KEY": try self.init(sealed: block.bytes, passphrase ?? [])
    case "EC PRIVATE KEY": try self.init(traditional: block.bytes, EVP_PKEY_EC)
    case "RSA PRIVATE KEY": try self.init(traditional: block.bytes, EVP_PKEY_RSA)
    default: throw PEMBlock.unknown(block.name)
    }
  }

  private convenience init(traditional bytes: [UInt8], _ type: Int32) throws(OpenSSLError) {
    try self.init(try decodeDER(bytes, "d2i_PrivateKey", free: EVP_PKEY_free) { d2i_PrivateKey(type, nil, $0, $1) })
    try checkPair()
  }

  private convenience init(sealed bytes: [UInt8], _ passphrase: [UInt8]) throws(OpenSSLError) {
    let sealed = try decodeDER(bytes, "d2i_X509_SIG", free: X509_SIG_free) { d2i_X509_SIG(nil, $0, $1) }
    defer { X509_SIG_free(sealed) }
    guard (0...Self.mostIterations).contains(signet_pbes2_iterations(sealed)) else {
      throw OpenSSLError(call: "PKCS8_decrypt", reason: "not PBES2, or with more rounds than 5,000,000")
    }
    let opened = passphrase.withUnsafeBytes { passphrase in
      PKCS8_decrypt(sealed, passphrase.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(passphrase.count))
    }
    let info = try OpenSSLError.unwrap(opened, "PKCS8_decrypt")
    defer { PKCS8_PRIV_KEY_INFO_free(info) }
    try self.init(try OpenSSLError.unwrap(EVP_PKCS82PKEY(info), "EVP_PKCS82PKEY"))
    try checkPair()
  }

  /// The key as `ENCRYPTED PRIVATE KEY` (PKCS#8 with PBES2: AES-256-CBC, PBKDF2 with HMAC-SHA-256, 16 bytes of salt),
  /// with its final newline. How strong the passphrase must be is the caller's to say, but it may not be empty.
  package func encryptedPEM(passphrase: [UInt8]) throws(OpenSSLError) -> String {
    guard !passphrase.isEmpty else { throw OpenSSLError(call: "PKCS8_encrypt", reason: "an empty passphrase") }
    let info = try OpenSSLError.unwrap(EVP_PKEY2PKCS8(pointer), "EVP_PKEY2PKCS8")
    defer { PKCS8_PRIV_KEY_INFO_free(info) }
    var salt = Random.bytes(16)
    let result = passphrase.withUnsafeBytes { passphrase in
      PKCS8_encrypt(
        -1, EVP_aes_256_cbc(), passphrase.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(passphrase.count),
        &salt, Int32(salt.count), Int32(Self.iterations), info)
    }
    let sealed = try OpenSSLError.unwrap(result, "PKCS8_encrypt")
    defer { X509_SIG_free(sealed) }
    return try PEMBlock.write("PEM_write_bio_PKCS8") { PEM_write_bio_PKCS8($0, sealed) }
  }
}
