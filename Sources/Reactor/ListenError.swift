// Why a listener can't be had, each with the mend in its one line.

import Glibc

/// Why an address can't be listened on, or a socket that was handed over can't be used.
package enum ListenError: Error, Equatable, CustomStringConvertible {
  case badAddress(String)
  case badPath(String)
  case inUse(String)
  case notPermitted(String)
  case notLocal(String)
  /// Something which is no socket stands at a Unix socket's path.
  case notASocket(String)
  case noFolder(String)
  /// A descriptor that the supervisor handed over, and what it isn't.
  case badDescriptor(Int32, String)
  /// A variable of socket activation and its value.
  case badVariable(String, String)
  case failed(String, call: String, errno: Int32)

  /// What, why and the mend, in one line.
  package var description: String {
    switch self {
    case .badAddress(let text): "cannot listen on '\(text)': write host:port, [IPv6]:port or localhost:port"
    case .badPath(let text): "cannot listen on '\(text)': give an absolute path of at most 107 bytes"
    case .inUse(let text): "cannot listen on \(text): another process does; stop it or choose another \(what(text))"
    case .notPermitted(let text):
      text.hasPrefix("unix:")
        ? "cannot listen on \(text): not permitted; choose a folder in which this user may write"
        : "cannot listen on \(text): not permitted; have the supervisor bind it (config/signet.socket), "
          + "or choose a port of 1024 or above"
    case .notLocal(let text): "cannot listen on \(text): this machine doesn't have that address"
    case .notASocket(let text):
      "cannot listen on \(text): a file which is no socket is there; move it or choose another"
    case .noFolder(let text): "cannot listen on \(text): its folder isn't there; make it or choose another path"
    case .badDescriptor(let number, let reason):
      "descriptor \(number) from the supervisor \(reason); hand over listening stream sockets alone"
    case .badVariable(let name, let value):
      "\(name) is '\(value)', which is no number that a supervisor sets; unset it or mend the supervisor"
    case .failed(let text, let call, let errno):
      "cannot listen on \(text): \(call): \(String(cString: strerror(errno)))"
    }
  }

  private func what(_ text: String) -> String { text.hasPrefix("unix:") ? "path" : "port" }

  /// The error of a system call on `address`.
  init(_ errno: Int32, _ address: BoundAddress, call: String) {
    let text = address.description
    switch errno {
    case EADDRINUSE: self = .inUse(text)
    case EACCES, EPERM, EROFS: self = .notPermitted(text)
    case EADDRNOTAVAIL where address.family != .unix: self = .notLocal(text)
    case ENOENT, ENOTDIR: self = .noFolder(text)
    default: self = .failed(text, call: call, errno: errno)
    }
  }
}
