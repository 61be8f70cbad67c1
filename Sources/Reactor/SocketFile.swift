// The file of a Unix socket: made with its mode, replaced when a dead server left it, removed when it is ours.
//
// The kernel never removes it. A file to which nobody listens refuses connections, which tells it from a server's that
// lives; what is no socket is left alone, whoever asks.

import CLinux
import Glibc

/// The file of a Unix socket which this process bound.
struct SocketFile: Sendable {
  private let path: String
  private let identity: Identity

  private struct Identity: Equatable {
    let device: dev_t
    let inode: ino_t
  }

  /// Binds `descriptor`, which doesn't listen yet, in a stale file's place if there is one.
  init(binding descriptor: Int32, to address: ListenAddress) throws(ListenError) {
    path = address.host
    let name = SocketName(address.place)
    // The file gets the socket's own bits less the umask's; so at no moment more than `mode`, and then what lacks.
    fchmod(descriptor, mode_t(address.mode))
    if name.with({ bind(descriptor, $0, $1) }) != 0 {
      guard errno == EADDRINUSE else { throw ListenError(errno, address.place, call: "bind") }
      try Self.removeStale(address.place)
      guard name.with({ bind(descriptor, $0, $1) }) == 0 else { throw ListenError(errno, address.place, call: "bind") }
    }
    guard fchmodat(AT_FDCWD, path, mode_t(address.mode), AT_SYMLINK_NOFOLLOW) == 0, let made = Self.identity(path)
    else {
      let reason = errno
      unlink(path)
      throw ListenError(reason, address.place, call: "chmod")
    }
    identity = made
  }

  /// Removes the file unless another has taken its place.
  func remove() {
    if Self.identity(path) == identity { unlink(path) }
  }

  private static func removeStale(_ address: BoundAddress) throws(ListenError) {
    // A file that is gone meanwhile is as good as a removed one.
    guard let found = identity(address.host, onlySockets: false) else { return }
    guard identity(address.host) == found else { throw .notASocket(address.description) }
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard probe >= 0 else { throw ListenError(errno, address, call: "socket") }
    defer { close(probe) }
    guard SocketName(address).with({ connect(probe, $0, $1) }) != 0 else { throw .inUse(address.description) }
    switch errno {
    case ECONNREFUSED: if identity(address.host) == found { unlink(address.host) }
    case ENOENT: break
    case EACCES, EPERM: throw .notPermitted(address.description)
    // A full backlog, or a socket of another type: somebody is there.
    default: throw .inUse(address.description)
    }
  }

  private static func identity(_ path: String, onlySockets: Bool = true) -> Identity? {
    var status = stat()
    guard lstat(path, &status) == 0, !onlySockets || status.st_mode & S_IFMT == S_IFSOCK else { return nil }
    return Identity(device: status.st_dev, inode: status.st_ino)
  }
}
