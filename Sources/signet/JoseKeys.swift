// The keys of `signet jose`: a file with a JWK or a JWK Set, read for what the command wants to do with it.
//
// The file decides what is allowed: each key says by its members which algorithm it is for, and reading it for another
// purpose fails. In a set the keys that are not for the purpose are passed over; a key alone must be for it.

import ArgumentParser
import JOSE
import JSON

/// Which key a command of `signet jose` works with.
struct KeyOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A JWK, a JWK Set or PEM.", valueName: "file")) var key: String
  @Option(help: "Which key of a set.") var kid: String?

  /// The file's keys.
  func keys() throws -> JoseKeys { try JoseKeys(file: key, kid: kid) }
}

/// The keys of a file, as JSON.
struct JoseKeys {
  private let file: String
  private let members: [JSONValue]
  private let isSet: Bool

  /// Reads the file; of a set, with `kid`, only the keys of that name.
  init(file: String, kid: String?) throws {
    self.file = file
    let value = try Self.value(try Input.bytes("@" + file), file)
    isSet = value["keys"] != nil
    let all = isSet ? value["keys"]?.array ?? [] : [value]
    members = all.filter { kid == nil || $0["kid"]?.string.map { Array($0.utf8) } == kid.map { Array($0.utf8) } }
    guard !members.isEmpty else {
      throw CommandFailure.failed(kid.map { "\(file) holds no key with the kid \($0)" } ?? "\(file) holds no key")
    }
  }

  /// The keys that `read` takes, where a key that names no algorithm is for `algorithm`.
  func all<Key>(for purpose: String, _ algorithm: String?, _ read: (JSONValue) throws(JOSEError) -> Key) throws -> [Key]
  {
    var keys: [Key] = []
    var refusal = JOSEError.unsupportedKey
    for member in members {
      do throws(JOSEError) { keys.append(try read(Self.named(member, algorithm))) } catch { refusal = error }
    }
    guard !keys.isEmpty else { throw CommandFailure.failed("\(file) holds no key for \(purpose): \(refusal)") }
    return keys
  }

  /// The one key that `read` takes.
  func one<Key>(for purpose: String, _ algorithm: String?, _ read: (JSONValue) throws(JOSEError) -> Key) throws -> Key {
    let keys = try all(for: purpose, algorithm, read)
    guard keys.count == 1, let key = keys.first else {
      throw CommandFailure.failed("\(file) holds \(keys.count) keys for \(purpose); name one with --kid")
    }
    return key
  }

  /// The JSON of a JWK, a JWK Set, or of a key in PEM.
  static func value(_ bytes: [UInt8], _ source: String) throws -> JSONValue {
    do {
      let text = String(decoding: bytes, as: UTF8.self)
      return text.hasPrefix("-----BEGIN ") ? try PEMKey.jwk(text) : try JSONValue.parse(bytes)
    } catch {
      throw CommandFailure.failed("\(source) holds no JWK, JWK Set or PEM: \(error)")
    }
  }

  /// The key, with the algorithm which it doesn't name itself.
  static func named(_ key: JSONValue, _ algorithm: String?) -> JSONValue {
    guard let algorithm, let object = key.object, key["alg"] == nil else { return key }
    return .object(object + [JSONMember("alg", .string(algorithm))])
  }
}
