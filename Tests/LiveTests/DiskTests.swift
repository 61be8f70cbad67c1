// The disk is full, or can't be written: 503 with the cause in the log, nothing acknowledged that isn't stored, and
// service by itself when there is room again.
//
// Once by a library which stands before the system's calls and fails them while a file exists; once, for root alone, on
// a file system that really is full.

import Foundation
import Testing

@Suite struct DiskTests {
  @Test(arguments: [
    ("ENOSPC", "disk_full"), ("EDQUOT", "disk_full"), ("EROFS", "store_read_only"), ("EIO", "store_failed: "),
  ])
  func failingWrites(_ error: String, _ cause: String) async throws {
    guard let faults = try await Faults.build() else {
      print("SKIPPED: no C compiler for the library that fails writes")
      return
    }
    let environment = [
      "LD_PRELOAD": faults.library, "SIGNET_TEST_FAULT": faults.switchFile, "ASAN_OPTIONS": "verify_asan_link_order=0",
    ]
    try await withServer(environment: environment) { server in
      try await server.addUser()
      let tokens = try await server.login()
      try faults.folder.write(error, to: "switch")
      let expected = error == "EIO" ? 500 : 503
      for path in ["/v1/refresh", "/v1/logout"] {
        let answer = try await server.post(path, ["refresh_token": .string(tokens.refresh)])
        #expect(answer.status == expected, "\(path): \(answer)")
        #expect(answer.error == (error == "EIO" ? "server_error" : "temporarily_unavailable"))
        if expected == 503 { #expect(answer.field("retry-after") != nil) }
        try checkError(answer, path)
      }
      #expect(try await server.tryLogin().status == expected)
      try await eventually("readyz tells") { try await server.get("/readyz").status == 503 }
      // What needs no write goes on.
      #expect(try await server.get("/.well-known/jwks.json").status == 200)
      #expect(try await server.get("/healthz").status == 200)
      #expect(try await server.isGood(tokens.access))
      try await eventually("the log has the cause") { server.log.contains(#""cause":"\#(cause)"#) }

      try FileManager.default.removeItem(atPath: faults.switchFile)
      try await eventually("the server is ready again") { try await server.get("/readyz").status == 200 }
      // The refusals changed nothing: the token is still the current one.
      _ = try await server.rotate(tokens, times: 2)
      _ = try await server.login()
      // Nor can another be started, or a command change anything, while it lasts.
      try faults.folder.write(error, to: "switch")
      await server.child.destroy()
      for arguments in [
        ["serve", "--set", "listen=127.0.0.1:0", "--set", "admin.listen=127.0.0.1:0"], ["user", "disable", "ada"],
      ] {
        let finished = try await server.command(arguments)
        #expect(finished.status == 1, "\(finished)")
        #expect(finished.errors.split(separator: "\n").count == 1, "\(finished)")
      }
    }
  }

  @Test(.enabled(if: geteuid() == 0, "SKIPPED: mounting a small file system needs root"))
  func aFullFileSystem() async throws {
    let folder = try Folder()
    let data = folder.path + "/data"
    mkdir(data, 0o700)
    guard mount("tmpfs", data, "tmpfs", 0, "size=2m,mode=0700") == 0 else {
      print("SKIPPED: a small file system can't be mounted here: \(String(cString: strerror(errno)))")
      return
    }
    defer { umount2(data, Int32(MNT_DETACH)) }
    try await withServer(folder: folder) { server in
      try await server.addUser()
      var tokens = try await server.login()
      let ballast = data + "/ballast"
      try Data().write(to: URL(fileURLWithPath: ballast))
      fill(ballast)
      try await eventually("the disk is full") {
        let answer = try await server.tryRefresh(tokens.refresh)
        guard answer.status == 200 else { return answer.status == 503 }
        tokens = try Tokens(answer)
        // New sessions make the database grow.
        return try await server.tryLogin().status == 503
      }
      try await eventually("the log has the cause") { server.log.contains("disk_full") }
      try FileManager.default.removeItem(atPath: ballast)
      try await eventually("service returns by itself") {
        let answer = try await server.tryRefresh(tokens.refresh)
        guard answer.status == 200 else { return false }
        tokens = try Tokens(answer)
        return true
      }
      _ = try await server.login()
      #expect(try await server.sql("PRAGMA integrity_check") == "ok\n")
    }
  }

  /// Writes until nothing more fits.
  private func fill(_ path: String) {
    let descriptor = open(path, O_WRONLY | O_APPEND)
    defer { close(descriptor) }
    for size in [65_536, 4096, 1] {
      let bytes = [UInt8](repeating: 1, count: size)
      while write(descriptor, bytes, size) > 0 {}
    }
  }
}

/// A library that fails writes at an offset, as SQLite makes them, while the switch file names an error.
private struct Faults {
  let folder: Folder
  let library: String
  var switchFile: String { folder.path + "/switch" }

  /// Compiles it; nil without a compiler.
  static func build() async throws -> Faults? {
    let folder = try Folder()
    let source = try folder.write(text, to: "faults.c")
    let library = folder.path + "/faults.so"
    for compiler in ["cc", "clang", "gcc"] {
      let flags = ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]
      if let finished = try? await Finished.run(compiler, flags, folder: folder), finished.status == 0 {
        return Faults(folder: folder, library: library)
      }
    }
    return nil
  }

  private static let text = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <errno.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <unistd.h>

    static int fault(void) {
      const char *path = getenv("SIGNET_TEST_FAULT");
      FILE *file = path ? fopen(path, "r") : NULL;
      if (!file) return 0;
      char name[16] = "";
      if (!fgets(name, sizeof name, file)) name[0] = 0;
      fclose(file);
      errno = !strcmp(name, "ENOSPC") ? ENOSPC : !strcmp(name, "EDQUOT") ? EDQUOT
        : !strcmp(name, "EROFS") ? EROFS : EIO;
      return 1;
    }

    ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
      static ssize_t (*real)(int, const void *, size_t, off64_t);
      if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
      return fault() ? -1 : real(descriptor, bytes, count, offset);
    }
    """
}
