// `admin.token` in the data folder: by it, programs of the folder's owner use the admin API on this machine.

import Glibc
import Identity

/// Writes the file.
enum AdminTokenFile {
  static let name = "admin.token"

  /// Puts a new token in the place of that of the start before. The file appears whole and is its owner's alone from the
  /// first moment: it is written under another name.
  static func renew(in folder: DataFolder) throws(CommandFailure) -> AdminToken {
    let text = AdminToken.make()
    let (path, fresh) = (folder.path + "/" + name, folder.path + "/" + name + ".new")
    unlink(fresh)
    let descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(fresh) }
    defer { close(descriptor) }
    let bytes = Array((text + "\n").utf8)
    guard WholeTransfer.write(bytes, to: descriptor), fchmod(descriptor, 0o600) == 0, rename(fresh, path) == 0
    else { throw failure(path) }
    return AdminToken(text)
  }

  private static func failure(_ path: String) -> CommandFailure {
    .failed("\(path) can't be written: \(String(cString: strerror(errno))); make room, or mend the folder's rights")
  }
}
