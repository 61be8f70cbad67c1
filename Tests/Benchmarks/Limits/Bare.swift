// `BareProcess` as a child: what a refresh is held against, loaded in the same way.

import Counting
import Foundation

/// A running bare process, ended with its owner.
final class Bare {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private let folder: TemporaryFolder
  private let token: String
  private var url = ""

  /// Takes the place of `server`, which is stopped, on its folder. The answer is one of the server's own.
  init(after server: SignetServer) throws {
    folder = server.folder
    let sessions = try server.logIn(RefreshLoad.sessions)
    let body = #"{"refresh_token":"\#(sessions[0].refresh)"}"#
    let answer = try HTTPConnection.send(server.port, "/v1/refresh", json: body)
    token = try answer.member("refresh_token")
    _ = try folder.write(String(decoding: answer.body, as: UTF8.self), to: BareProcess.answer)
    server.stop()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["--bare", folder.path]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    var line: [UInt8] = []
    while let byte = output.fileHandleForReading.readData(ofLength: 1).first, byte != 10 { line.append(byte) }
    guard let port = UInt16(String(decoding: line, as: UTF8.self)) else { throw Failure("the bare process ended") }
    url = "http://127.0.0.1:\(port)"
  }

  /// On a new folder of its own.
  convenience init() throws {
    let server = try SignetServer(settings: SignetServer.cheapHashing)
    try server.addUser()
    try self.init(after: server)
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// Answers a second.
  func rate(seconds: Int) throws -> Double {
    let tokens = [String](repeating: token, count: RefreshLoad.sessions)
    return try Wrk.run(url, seconds: seconds, script: RefreshLoad.script(tokens)).rate
  }
}
