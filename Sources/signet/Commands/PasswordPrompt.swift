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
    guard isatty(0) == 1 else {
      throw CommandFailure.usage("a password is needed: give --password-stdin and the password on standard input")
    }
    let (first, second) = try withoutEcho { (ask("Password: "), ask("Once more: ")) }
    guard first == second else { throw CommandFailure.failed("the passwords differ; nothing was changed") }
    return first
  }

  /// Echo is off before the first question stands there, so that whoever answers at once isn't seen or cut off.
  private static func withoutEcho<Answer>(_ body: () -> Answer) throws -> Answer {
    var settings = termios()
    guard tcgetattr(0, &settings) == 0 else { throw CommandFailure.failed("the terminal can't be asked without echo") }
    var silent = settings
    silent.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(0, TCSAFLUSH, &silent)
    defer { tcsetattr(0, TCSADRAIN, &settings) }
    return body()
  }

  private static func ask(_ prompt: String) -> String {
    let bytes = Array(prompt.utf8)
    _ = write(2, bytes, bytes.count)
    defer { _ = write(2, "\n", 1) }
    return readLine(strippingNewline: true) ?? ""
  }
}
