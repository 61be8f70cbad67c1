// `Fuzz NAME [FILE or FOLDER…]`: runs a target over its seeds and those files. `Fuzz --unpack NAME FOLDER` writes the seeds as
// files, `Fuzz --seed TITLE FILE` writes a find as a line for the file of seeds, `Fuzz --list` names the targets.
//
// Built with FUZZING (see `make fuzz`), `Fuzz NAME` hands over to libFuzzer, which takes the rest of the arguments.

#if DEBUG || FUZZING
import FoundationEssentials
import FuzzTargets
import Glibc

#if FUZZING
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32
#endif

@main
struct Fuzz {
  static func main() {
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
    } catch {
      let line = Array("fuzz: \(error)\n".utf8)
      _ = write(STDERR_FILENO, line, line.count)
      exit(1)
    }
  }

  private static func run(_ arguments: [String]) throws {
    switch arguments.first {
    case "--list": print(FuzzTarget.all.map(\.name).joined(separator: " "))
    case "--unpack" where arguments.count == 3: try unpack(try target(arguments[1]), into: arguments[2])
    case "--seed" where arguments.count == 3: print(Seed(name: arguments[1], bytes: try bytes(of: arguments[2])).line)
    case let name? where !name.hasPrefix("-"): try fuzz(try target(name), Array(arguments.dropFirst()))
    default: throw Failure("Fuzz NAME [FILE or FOLDER…], --unpack NAME FOLDER, --seed TITLE FILE or --list")
    }
  }

  private static func target(_ name: String) throws -> FuzzTarget {
    guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
      throw Failure("there is no target \(name); --list names them")
    }
    return target
  }

  private static func bytes(of path: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else { throw Failure("cannot read \(path)") }
    return [UInt8](data)
  }

  private static func unpack(_ target: FuzzTarget, into folder: String) throws {
    for (number, seed) in try Seed.all(of: target).enumerated() {
      try Data(seed.bytes).write(to: URL(filePath: "\(folder)/seed-\(number)"))
    }
  }
}

#if FUZZING
extension Fuzz {
  private static let chosen = FuzzTarget.all.first { $0.name == CommandLine.arguments[1] }

  /// libFuzzer, with the arguments behind the target's name.
  private static func fuzz(_ target: FuzzTarget, _ arguments: [String]) throws {
    let words = [CommandLine.arguments[0], "-max_len=\(target.longest)"] + arguments
    var pointers = words.map { strdup($0) } + [nil]
    var count = Int32(words.count)
    let result = pointers.withUnsafeMutableBufferPointer { buffer in
      guard var start = buffer.baseAddress else { return Int32(1) }
      return runDriver(&count, &start) { bytes, size in
        do {
          try Fuzz.chosen?.run(UnsafeRawBufferPointer(start: bytes, count: size))
        } catch {
          // libFuzzer keeps the input when the process dies.
          fatalError("\(error)")
        }
        return 0
      }
    }
    exit(result)
  }
}
#else
extension Fuzz {
  /// The seeds and the given files, one after the other; throws at the first that breaks something.
  private static func fuzz(_ target: FuzzTarget, _ paths: [String]) throws {
    var inputs = try Seed.all(of: target).map { ($0.name, $0.bytes) }
    for path in paths.flatMap(files) {
      inputs.append((path, try bytes(of: path)))
    }
    for (name, bytes) in inputs {
      do {
        try bytes.withUnsafeBytes { try target.run($0) }
      } catch {
        throw Failure("\(target.name), \(name): \(error)")
      }
    }
    print("\(target.name): \(inputs.count) inputs, all good")
  }

  private static func files(_ path: String) -> [String] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return [path] }
    return names.sorted().map { "\(path)/\($0)" }
  }
}
#endif

/// Why nothing could be run.
private struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
#else
@main
struct Fuzz {
  static func main() { print("built without what is to be fuzzed; use make fuzz") }
}
#endif
