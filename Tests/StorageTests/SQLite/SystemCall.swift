// Calls of the system that Swift's Glibc module doesn't declare, found by name at run time.

import Glibc

enum SystemCall {
  /// Mounts a file system in memory; false where that isn't allowed.
  static func mount(on folder: String, kibibytes: Int) -> Bool {
    typealias Function =
      @convention(c) (
        UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<CChar>, UInt, UnsafePointer<CChar>
      ) -> Int32
    guard let symbol = dlsym(nil, "mount") else { return false }
    return unsafeBitCast(symbol, to: Function.self)("signet", folder, "tmpfs", 0, "size=\(kibibytes)k") == 0
  }

  static func unmount(_ folder: String) {
    typealias Function = @convention(c) (UnsafePointer<CChar>, Int32) -> Int32
    guard let symbol = dlsym(nil, "umount2") else { return }
    // 2 is MNT_DETACH.
    _ = unsafeBitCast(symbol, to: Function.self)(folder, 2)
  }

  /// Gives up the right to any file, for the calling thread and those it will start.
  static func becomeNobodyToFiles() {
    typealias Function = @convention(c) (UInt32) -> Int32
    guard let symbol = dlsym(nil, "setfsuid") else { return }
    _ = unsafeBitCast(symbol, to: Function.self)(65534)
  }
}
