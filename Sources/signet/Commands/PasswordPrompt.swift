// Where a command gets a password from: a line of standard input, or a person at a terminal, without echo.

import Glibc

/// Asks for passwords; never takes one as an argument, where other users of the machine could read it.
enum PasswordPrompt {
  /// A password from standard input (its first line), or asked for twice at a terminal.
  static func read(fromStandardInput: Bool) throws -> String {
    if fromStandardInput {
      guard let line = readLine(strippingNewline: true), !line.isEmpty else {
        throw CommandFailure.usage("--password-stdin was given and standard input has no line")
      }
      return line
    }
    return try ask("password", option: "--password-stdin")
  }

  /// A secret asked for twice at a terminal.
  /// - Parameters:
  ///   - what: what it is called.
  ///   - option: how else it can be given.
  static func ask(_ what: String, option: String) throws -> String {
    guard isatty(0) == 1 else {
      throw CommandFailure.usage("a \(what) is needed and there is no terminal to ask at: give it by \(option)")
    }
    let (first, second) = try withoutEcho {
      (ask("\(what.prefix(1).uppercased())\(what.dropFirst()): "), ask("Once more: "))
    }
    guard first == second else { throw CommandFailure.failed("the \(what)s differ; nothing was changed") }
    return first
  }

  /// Echo is off before the first question stands there, so that whoever answers at once isn't seen or cut off.
  private static func withoutEcho<Answer>(_ body: () -> Answer) throws -> Answer {
    guard var silent = original else { throw CommandFailure.failed("the terminal can't be asked without echo") }
    silent.c_lflag &= ~tcflag_t(ECHO)
    // Control-C must not leave the terminal dumb.
    let previous = signal(SIGINT) { _ in
      PasswordPrompt.restore()
      _exit(130)
    }
    tcsetattr(0, TCSAFLUSH, &silent)
    defer {
      restore()
      signal(SIGINT, previous)
    }
    return body()
  }

  /// The terminal as it was; read before the handler that needs it is in place.
  private static let original: termios? = {
    var settings = termios()
    return tcgetattr(0, &settings) == 0 ? settings : nil
  }()

  private static func restore() {
    if var settings = original { tcsetattr(0, TCSADRAIN, &settings) }
  }

  private static func ask(_ prompt: String) -> String {
    let bytes = Array(prompt.utf8)
    _ = write(2, bytes, bytes.count)
    defer { _ = write(2, "\n", 1) }
    return readLine(strippingNewline: true) ?? ""
  }
}
