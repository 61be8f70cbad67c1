// The server under test: the release binary on a temporary data folder and a free port, ended with its owner.

import Counting
import Foundation

/// A running Signet.
final class SignetServer {
  static let (user, password) = ("ada", "correct horse battery staple")

  let folder: TemporaryFolder
  private(set) var port: UInt16 = 0
  /// The port of the listener that speaks TLS; 0 without one.
  private(set) var securePort: UInt16 = 0
  /// The port of the operators' listener; 0 without one.
  private(set) var operators: UInt16 = 0
  private let process = Process()
  private let output = Pipe()
  private let settings: [String: String]

  /// The cheapest password hashes, for cases which need many sessions and measure no login.
  static let cheapHashing = ["SIGNET_PASSWORD_MEMORY_KIB": "8", "SIGNET_PASSWORD_ITERATIONS": "1"]

  /// Starts on `folder`, or a new one, and waits until it listens.
  /// - Parameter settings: further environment variables.
  init(on folder: TemporaryFolder? = nil, settings: [String: String] = [:]) throws {
    let folder = try folder ?? TemporaryFolder()
    self.folder = folder
    self.settings = Self.settings(folder).merging(settings) { $1 }
    process.executableURL = URL(fileURLWithPath: try Self.binary)
    process.arguments = ["serve"]
    process.environment = Command.clean.merging(self.settings) { $1 }
    process.standardOutput = output
    // Kept out of the table; beside the data, and gone with it.
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.write("", to: "log")))
    try process.run()
    port = try readPort("listening on http")
    if settings["SIGNET_LISTEN"]?.contains("https://") == true { securePort = try readPort("listening on https") }
    if settings["SIGNET_ADMIN_LISTEN"] != nil { operators = try readPort("operators on http") }
  }

  deinit { stop() }

  var identifier: Int32 { process.processIdentifier }
  var url: String { "http://127.0.0.1:\(port)" }
  var secureURL: String { "https://127.0.0.1:\(securePort)" }
  var database: String { folder.path + "/signet.db" }

  /// Drains and ends it.
  func stop() {
    guard process.isRunning else { return }
    process.terminate()
    process.waitUntilExit()
  }

  /// Adds the user of every case.
  func addUser() throws {
    _ = try Command.output(
      [Self.binary, "user", "add", Self.user, "--password-stdin"], input: Self.password + "\n",
      environment: settings)
  }

  /// Adds a confidential client; the server knows it within a second.
  func addService() throws -> (id: String, secret: String) {
    let output = try Command.output(
      [Self.binary, "client", "add", "service", "--kind", "confidential", "--json"], environment: settings)
    let object = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: String]
    guard let id = object?["client_id"], let secret = object?["client_secret"] else {
      throw Failure("signet client add printed \(output)")
    }
    let deadline = Date().addingTimeInterval(10)
    let basic = HTTPConnection.basic(id, secret)
    func answer() throws -> HTTPAnswer {
      try HTTPConnection.send(port, "/oauth2/token", form: "grant_type=client_credentials", authorization: basic)
    }
    while try answer().status != 200 {
      guard Date() < deadline else { throw Failure("the server doesn't know its client") }
    }
    return (id, secret)
  }

  /// Adds a client to the data folder of a server that is yet to start.
  static func addClient(_ id: String, _ options: [String], in folder: TemporaryFolder) throws {
    let words = [try binary, "client", "add", id, "--id", id] + options
    _ = try Command.output(words, environment: settings(folder))
  }

  /// Logs in so many times.
  /// - Returns: the sessions' first tokens.
  func logIn(_ count: Int, client: String = "signet") throws -> [(access: String, refresh: String)] {
    let credentials = #"{"username":"\#(Self.user)","password":"\#(Self.password)","client_id":"\#(client)"}"#
    return try (0..<count).map { _ in
      let answer = try HTTPConnection.send(port, "/v1/login", json: credentials)
      return (try answer.member("access_token"), try answer.member("refresh_token"))
    }
  }

  static let credentials = #"{"username":"\#(user)","password":"\#(password)"}"#

  /// Resident memory in MB, as the kernel counts it.
  func residentMegabytes() throws -> Double { try Self.residentMegabytes(of: identifier) }

  /// The same of any process.
  static func residentMegabytes(of process: Int32) throws -> Double { try megabytes("VmRSS:", of: process) }

  /// The most that it ever was.
  func largestMegabytes() throws -> Double { try Self.megabytes("VmHWM:", of: identifier) }

  private static func megabytes(_ field: String, of process: Int32) throws -> Double {
    let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(field) }),
      let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
    else { throw Failure("the memory of process \(process) can't be read; did it end?") }
    return kilobytes / 1000
  }

  /// Seconds of processor time that it has had, in all its threads.
  func processorTime() throws -> Double {
    let text = try String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)
    // After the program's name, in parentheses, and the letter of its state; see proc(5) for utime and stime.
    let fields = text.split(separator: ")").last?.split(separator: " ").dropFirst().compactMap { Double($0) } ?? []
    guard fields.count > 11 else { throw Failure("the server's processor time can't be read; did it end?") }
    return (fields[10] + fields[11]) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  private static func settings(_ folder: TemporaryFolder) -> [String: String] {
    [
      "SIGNET_LISTEN": "127.0.0.1:0", "SIGNET_ADMIN_LISTEN": "off", "SIGNET_DATA": folder.path,
      "SIGNET_SESSION_MAX_PER_USER": "10000",
    ]
  }

  /// Reads the line of the next listener.
  private func readPort(_ beginning: String) throws -> UInt16 {
    var line: [UInt8] = []
    while let byte = output.fileHandleForReading.readData(ofLength: 1).first, byte != 10 { line.append(byte) }
    let text = String(decoding: line, as: UTF8.self)
    guard text.hasPrefix(beginning + "://"),
      let port = text.split(separator: ":").last.flatMap({ UInt16($0) })
    else {
      let log = try? String(contentsOfFile: folder.path + "/log", encoding: .utf8)
      throw Failure("signet doesn't listen: \(log ?? "")")
    }
    return port
  }

  /// The binary that is measured.
  static var binary: String {
    get throws {
      if let path = ProcessInfo.processInfo.environment["SIGNET_BINARY"] { return path }
      let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/signet"
      let found = [".build/signet", beside].first { FileManager.default.isExecutableFile(atPath: $0) }
      guard let found else { throw Failure("there is no release binary; run `make release` or set SIGNET_BINARY") }
      return found
    }
  }
}
