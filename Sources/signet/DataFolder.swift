// The data folder: made for its owner only, locked by the server that runs on it, used by commands beside it.

import Glibc

/// A data folder.
struct DataFolder {
  let path: String

  /// The file whose lock says that a server runs here, and which tells where it listens.
  var lockPath: String { path + "/server.lock" }

  /// Makes the folder when it is missing; refuses one that belongs to somebody else, since files which a command makes
  /// there as another user would lock the server out of its own database.
  init(preparing path: String) throws {
    if mkdir(path, 0o700) != 0, errno != EEXIST {
      throw CommandFailure.failed("data folder \(path) can't be made: \(String(cString: strerror(errno)))")
    }
    try self.init(existing: path)
  }

  /// Takes a folder that is there.
  init(existing path: String) throws {
    self.path = path
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw CommandFailure.failed("data folder \(path) isn't there, or isn't a folder; name another one by --data")
    }
    guard status.st_uid == geteuid() else {
      throw CommandFailure.failed(
        "data folder \(path) belongs to user \(status.st_uid) and this is user \(geteuid()); run signet as its owner")
    }
  }

  /// Locks the folder for the one server that may run on it, until this process ends.
  func lockForServing() throws -> Int32 {
    let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw CommandFailure.failed("\(lockPath) can't be opened: \(String(cString: strerror(errno)))")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw CommandFailure.failed(
        "another signet already serves from \(path); stop it first, or name another folder by --data")
    }
    return descriptor
  }

  /// Locks the folder for the one command that may change the master key, also while a server runs on it.
  func lockForRewrapping() throws -> FolderLock {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      if descriptor >= 0 { close(descriptor) }
      throw CommandFailure.failed("another command changes the master key of \(path) at the moment; wait for its end")
    }
    return FolderLock(descriptor: descriptor)
  }

  /// Writes where the server can be asked into its lock file, for `signet health`.
  static func record(_ addresses: [String], in descriptor: Int32) {
    let text = Array(addresses.joined(separator: "\n").utf8)
    guard ftruncate(descriptor, 0) == 0 else { return }
    _ = pwrite(descriptor, text, text.count, 0)
  }

  /// Whether a server runs on it.
  var isServed: Bool {
    let descriptor = open(lockPath, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0
  }

  /// Where the server can be asked, as it recorded itself; empty when none runs.
  var recordedAddresses: [String] {
    let descriptor = open(lockPath, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0, isServed else { return [] }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &buffer, buffer.count)
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

/// A lock that its holder's end releases as well.
struct FolderLock {
  fileprivate let descriptor: Int32

  /// Lets others in.
  func release() { close(descriptor) }
}
