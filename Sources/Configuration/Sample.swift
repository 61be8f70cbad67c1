// The sample file, written from the table so that it can't fall behind it.
//
// Sections stand as they are and settings commented out: a copy changes nothing, a later version's better default takes
// effect, and to set one takes the removal of one `#`.

extension Table {
  /// The text of `config/signet.yaml`.
  package static func sample() -> String {
    var text = """
      # Signet's configuration: every key, a line why one would change it, and its default.
      # Remove the # before a key to set it. Durations are 90s, 10m, 1h30m, 14d.
      # A key's environment name is SIGNET_ and the key in capitals, _ for dots: session.retry_window is
      # SIGNET_SESSION_RETRY_WINDOW; with _FILE after it, it names a file that holds the value. Lists are
      # comma-separated there. The environment overrides this file, and flags override both.
      # Keys marked "reload" are taken up on SIGHUP, the others at the next start.

      """
    var section: String?
    for row in rows where row.source == .anywhere {
      let head = row.section != section ? row.section.map { "\($0):\n" } ?? "" : ""
      let indent = row.section == nil ? "" : "  "
      section = row.section
      text +=
        "\n" + head + comment(row).map { "\(indent)# \($0)\n" }.joined() + "\(indent)#\(row.name): \(value(row))\n"
    }
    return text
  }

  private static func comment(_ row: Setting) -> [String] {
    let reload = row.effect == .reloadable ? " (reload)" : ""
    guard case .derived(let words, _, _) = row.standard else { return [row.why + reload] }
    return [row.why + reload, "Default: \(words)."]
  }

  private static func value(_ row: Setting) -> String {
    switch row.standard {
    case .fixed(let text): row.kind.isList ? "[\(quoted(text))]" : text
    case .derived(_, let example, _): example
    }
  }

  /// In a list's brackets a colon followed by no blank is plain text, but readers wonder.
  private static func quoted(_ text: String) -> String { text.isEmpty ? "" : "\"\(text)\"" }
}
