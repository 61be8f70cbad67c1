// The one place that calls libyaml: its parser as a pull of small Swift events, each with its line.
//
// Of YAML only what a configuration needs is let through: anchors, aliases and tags are refused here, since they make
// one text mean another (and a small file a huge one). The parser's memory is the object's own, freed with it; an
// object is used by one thread, inside one call of `Settings.load`.

import CYAML

/// What libyaml found next.
enum YAMLEvent: Equatable {
  case scalar(String, isPlain: Bool)
  case sequenceStart, sequenceEnd
  case mappingStart, mappingEnd
  case documentStart, documentEnd
  case end
}

/// Why a text isn't the YAML that is taken here.
struct YAMLFailure: Error {
  let line: Int
  let message: String
}

/// libyaml's parser over bytes.
final class YAMLEvents {
  /// The line on which the last event began, from 1.
  private(set) var line = 1
  private let bytes: UnsafeMutableBufferPointer<UInt8>
  private let parser: UnsafeMutablePointer<yaml_parser_t>

  /// Nil when memory is out.
  init?(_ text: [UInt8]) {
    bytes = .allocate(capacity: max(1, text.count))
    _ = bytes.initialize(from: text)
    parser = .allocate(capacity: 1)
    parser.initialize(to: yaml_parser_t())
    guard yaml_parser_initialize(parser) == 1 else { return nil }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, bytes.baseAddress, text.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    bytes.deallocate()
  }

  func next() throws(YAMLFailure) -> YAMLEvent {
    while true {
      var event = yaml_event_t()
      guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
      defer { yaml_event_delete(&event) }
      line = Int(event.start_mark.line) + 1
      if let event = try translate(event) { return event }
    }
  }

  private func translate(_ event: yaml_event_t) throws(YAMLFailure) -> YAMLEvent? {
    switch event.type {
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      try refuse(anchor: scalar.anchor, tag: scalar.tag)
      let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      return .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
    case YAML_SEQUENCE_START_EVENT:
      try refuse(anchor: event.data.sequence_start.anchor, tag: event.data.sequence_start.tag)
      return .sequenceStart
    case YAML_MAPPING_START_EVENT:
      try refuse(anchor: event.data.mapping_start.anchor, tag: event.data.mapping_start.tag)
      return .mappingStart
    case YAML_ALIAS_EVENT: throw YAMLFailure(line: line, message: "aliases (*) are not taken; write the value out")
    case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_STREAM_END_EVENT: return .end
    default: return nil
    }
  }

  private func refuse(anchor: UnsafePointer<yaml_char_t>?, tag: UnsafePointer<yaml_char_t>?) throws(YAMLFailure) {
    if anchor != nil { throw YAMLFailure(line: line, message: "anchors (&) are not taken; write the value out") }
    if tag != nil { throw YAMLFailure(line: line, message: "tags (!) are not taken; write the value alone") }
  }

  private func problem() -> YAMLFailure {
    let parser = parser.pointee
    let text = parser.problem.map { String(cString: $0) } ?? "memory is out"
    guard parser.error == YAML_READER_ERROR else {
      return YAMLFailure(line: Int(parser.problem_mark.line) + 1, message: "not YAML: \(text); mend the line")
    }
    // A reader's error knows the byte only.
    let before = bytes.prefix(parser.problem_offset).reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
    return YAMLFailure(line: before, message: "not YAML: \(text); save the file as UTF-8 text")
  }
}
