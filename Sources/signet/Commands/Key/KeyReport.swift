// What a key command says on its way: lines for people as they come, or one object for programs at the end.

import JSON

/// A command's report.
struct KeyReport {
  let json: Bool
  private(set) var objects: [[JSONMember]] = []

  init(json: Bool) { self.json = json }

  /// A line for people.
  func say(_ line: String) { if !json { Output.line(line) } }

  /// A part of the object.
  mutating func add(_ members: [JSONMember]) { objects.append(members) }

  /// Prints the object: the parts under this name, and further members.
  func finish(_ name: String, _ members: [JSONMember]) {
    guard json else { return }
    Output.line(Output.text(.object([JSONMember(name, .array(objects.map { .object($0) }))] + members)))
  }
}
