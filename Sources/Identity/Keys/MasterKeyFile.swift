// The master key's file on the disk, and the one beside it from which a new master key takes its place.
//
// The new one is written beside the old, synced with its folder, and renamed over it only when the store is wrapped by it. So
// whatever moment the machine dies at, one of the two files opens the store.

import Glibc
import JOSE
import OpenSSL

/// A master key's file.
struct MasterKeyFile {
  /// Where it lies, symbolic links followed: the new one must lie in the same folder.
  let path: String
  /// Where the new one lies until it takes the other's place.
  var nextPath: String { path + ".new" }

  init(_ path: String) {
    let real = realpath(path, nil)
    defer { free(real) }
    self.path = real.map { String(cString: $0) } ?? path
  }

  /// Reads the key.
  func read() throws(MasterKeyError) -> MasterKey { try MasterKey(file: path) }

  /// Reads the key, which is made when it is missing: of two programs starting at once the second keeps the first one's.
  func readOrCreate() throws(MasterKeyError) -> MasterKey {
    do throws(MasterKeyError) {
      return try read()
    } catch {
      guard case .missing = error else { throw error }
      try place(.random(), at: path)
      return try read()
    }
  }

  /// Reads the new key, if there is one.
  func readNext() -> MasterKey? { try? MasterKey(file: nextPath) }

  /// Makes a new key and its file, durably, in the place of one that an earlier attempt left.
  func writeNext() throws(MasterKeyError) -> MasterKey {
    let key = MasterKey.random()
    unlink(nextPath)
    try place(key, at: nextPath)
    return key
  }

  /// Renames the new key over the old one, durably. Somebody else may have done so already.
  func adoptNext() throws(MasterKeyError) {
    guard rename(nextPath, path) == 0 || errno == ENOENT else { throw .unwritable(path, errno: errno) }
    syncFolder()
  }

  /// Removes a new key that the store isn't wrapped by.
  func discardNext() {
    unlink(nextPath)
    syncFolder()
  }

  /// Makes a file with a key, readable by its owner only and durable; keeps one that is there already.
  private func place(_ key: MasterKey, at path: String) throws(MasterKeyError) {
    // A name that nobody has: a container's process has the same number at each start, and may have died right here.
    let temporary = "\(path).\(Base64URL.encode(Random.bytes(9)))"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .unwritable(path, errno: errno) }
    defer { unlink(temporary) }
    var text = Array((key.base64url + "\n").utf8)
    defer { wipe(&text) }
    let written = WholeTransfer.write(text, to: descriptor) && fsync(descriptor) == 0
    let code = errno
    close(descriptor)
    guard written else { throw .unwritable(path, errno: code) }
    // A link, not a rename: what is there already stays.
    guard link(temporary, path) == 0 || errno == EEXIST else { throw .unwritable(path, errno: errno) }
    syncFolder()
  }

  private func syncFolder() {
    let name = path.lastIndex(of: "/").map { String(path[..<$0]) + "/" } ?? "."
    let folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }
}
