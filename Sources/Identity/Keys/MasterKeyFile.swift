// The master key's file on the disk, and the one beside it from which a new master key takes its place.
//
// The new one is written beside the old, synced with its folder, and renamed over it only when the store is wrapped by it. So
// whatever moment the machine dies at, one of the two files opens the store. A server beside the command may finish the change
// at the same time: whoever takes a new key's name away holds a lock on its file meanwhile, and looks at it under the lock.

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

  /// Proves that another file can take this one's place, by a copy of it that does. No look at rights and mounts tells as
  /// much: a file that is a mount of its own, say, can be written and can't be replaced.
  /// - Parameter key: what the file holds.
  func proveReplaceable(_ key: MasterKey) throws(MasterKeyError) {
    do throws(MasterKeyError) {
      try TemporaryKeyFile.make(key, beside: path) { rename($0, path) == 0 }
    } catch {
      guard case .unwritable(let path, let code) = error else { throw error }
      throw .irreplaceable(path, errno: code)
    }
    syncFolder()
  }

  /// Makes a new key and its file, durably, in the place of one that an earlier attempt left. For whoever knows that the
  /// file in force opens the store, so that the one left doesn't.
  func writeNext() throws(MasterKeyError) -> MasterKey {
    let key = MasterKey.random()
    _ = holdingNext { unlink(nextPath) }
    try place(key, at: nextPath)
    guard let placed = readNext(), placed.isSame(as: key) else { throw .unwritable(nextPath, errno: EEXIST) }
    return key
  }

  /// Renames the new key over the old one, durably. Somebody else may have done so already.
  /// - Parameter key: the new key, by which the store is wrapped; a still newer one stays where it lies.
  /// - Throws: `.pending` when it can't be renamed; `.wrong` when neither file holds it any more.
  func adoptNext(_ key: MasterKey) throws(MasterKeyError) {
    let code: Int32? = holdingNext {
      guard let next = readNext(), next.isSame(as: key) else { return nil }
      return rename(nextPath, path) == 0 ? 0 : errno
    }
    switch code {
    case 0?: syncFolder()
    case let code?: throw .pending(path, errno: code)
    case nil: guard let current = try? read(), current.isSame(as: key) else { throw .wrong }
    }
    TemporaryKeyFile.removeAbandoned(beside: path)
  }

  /// Removes a new key that the store isn't wrapped by.
  func discardNext(_ key: MasterKey) {
    let _: Int32? = holdingNext {
      guard let next = readNext(), next.isSame(as: key) else { return nil }
      return unlink(nextPath)
    }
    syncFolder()
  }

  /// Does something while nobody else takes the new key's name away; nil when there is no new key.
  private func holdingNext(_ body: () -> Int32?) -> Int32? {
    while true {
      let descriptor = open(nextPath, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      guard descriptor >= 0 else { return errno == ENOENT ? nil : body() }
      defer { close(descriptor) }
      // A file system without locks has no two servers on one folder either.
      while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
      var (held, named) = (stat(), stat())
      guard fstat(descriptor, &held) == 0, stat(nextPath, &named) == 0 else { return nil }
      if held.st_ino == named.st_ino, held.st_dev == named.st_dev { return body() }
    }
  }

  /// Makes a file with a key, readable by its owner only and durable; keeps one that is there already.
  private func place(_ key: MasterKey, at target: String) throws(MasterKeyError) {
    TemporaryKeyFile.removeAbandoned(beside: path)
    // A link, not a rename: what is there already stays.
    try TemporaryKeyFile.make(key, beside: path) { link($0, target) == 0 || errno == EEXIST }
    syncFolder()
  }

  private func syncFolder() {
    let folder = open(TemporaryKeyFile.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }
}
