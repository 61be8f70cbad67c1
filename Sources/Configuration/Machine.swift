// What the machine, or the container around the process, gives: defaults and checks go by it.

import Glibc

/// Cores and memory.
package struct Machine: Sendable, Equatable {
  let cores: Int
  let memoryKiB: Int

  package init(cores: Int, memoryKiB: Int) { (self.cores, self.memoryKiB) = (cores, memoryKiB) }

  /// This one: what the kernel has, or less if the control group says so.
  package static func current() -> Machine {
    let pages = sysconf(Int32(_SC_PHYS_PAGES)), pageSize = sysconf(Int32(_SC_PAGESIZE))
    let memory = [pages * (pageSize / 1024)] + numbers("/sys/fs/cgroup/memory.max").prefix(1).map { $0 / 1024 }
    let cores = [sysconf(Int32(_SC_NPROCESSORS_ONLN))] + quota(numbers("/sys/fs/cgroup/cpu.max"))
    return Machine(cores: max(1, cores.min() ?? 1), memoryKiB: max(1, memory.min() ?? 1))
  }

  /// Whole cores in `cpu.max`, microseconds of time in a period, rounded up.
  private static func quota(_ numbers: [Int]) -> [Int] {
    guard numbers.count == 2, numbers[1] > 0 else { return [] }
    return [(numbers[0] - 1) / numbers[1] + 1]
  }

  private static func numbers(_ path: String) -> [Int] {
    guard let bytes = try? FileText.read(path, limit: 4096) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split { $0 == " " || $0 == "\n" }.compactMap { Int($0) }
  }
}
