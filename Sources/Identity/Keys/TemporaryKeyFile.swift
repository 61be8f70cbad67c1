// The file in which a master key is written before it gets its name, and the removal of those whose maker died.
//
// Its maker holds a lock on it, which ends with the maker: what nobody holds was left behind. The name has a mark of its own,
// so that nobody's copy of a key (master.key.backup-2030) is ever taken for one.

import Glibc
import JOSE
import OpenSSL

/// A master key's file before it has its name.
enum TemporaryKeyFile {
  private static let mark = ".tmp-"
  /// Characters that follow the mark: nine random bytes in base64url.
  private static let randomLength = 12

  /// Writes a key durably into a file beside another, readable by its owner only, which is gone afterwards.
  /// - Parameter use: gives it its name; false leaves why in `errno`.
  /// - Throws: `.unwritable`, with the path of the file beside which it is.
  static func make(_ key: MasterKey, beside path: String, _ use: (String) -> Bool) throws(MasterKeyError) {
    // A name that nobody has: a container's process has the same number at each start, and may have died right here.
    let temporary = path + mark + Base64URL.encode(Random.bytes(9))
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .unwritable(path, errno: errno) }
    defer {
      unlink(temporary)
      close(descriptor)
    }
    while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
    // Somebody may have taken it for abandoned before it was locked.
    var status = stat()
    guard fstat(descriptor, &status) != 0 || status.st_nlink > 0 else { return try make(key, beside: path, use) }
    var text = Array((key.base64url + "\n").utf8)
    defer { wipe(&text) }
    guard WholeTransfer.write(text, to: descriptor), fsync(descriptor) == 0, use(temporary) else {
      throw .unwritable(path, errno: errno)
    }
  }

  /// Removes the files whose makers died.
  static func removeAbandoned(beside path: String) {
    let folder = folder(of: path)
    let prefix = String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...]) + mark
    guard let names = opendir(folder) else { return }
    defer { closedir(names) }
    while let entry = readdir(names) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name.hasPrefix(prefix), name.utf8.count == prefix.utf8.count + randomLength else { continue }
      let descriptor = open(folder + name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(folder + name) }
      close(descriptor)
    }
  }

  /// The folder that a file lies in, with a slash at its end.
  static func folder(of path: String) -> String { path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./" }
}
