// Addresses as the kernel takes and gives them: the one place that knows the `sockaddr` of each family.

import CLinux
import Glibc

/// A `sockaddr` of any family.
struct SocketName {
  /// Bytes of a Unix socket's path with its final zero byte.
  static let pathSize = MemoryLayout.size(ofValue: sockaddr_un().sun_path)
  private static let pathOffset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2

  private var storage = sockaddr_storage()
  private var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

  /// The name of an address which was checked before: a host that is no address becomes the one of all zeros.
  init(_ address: BoundAddress) {
    switch address.family {
    case .ipv4:
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_port = address.port.bigEndian
      inet_pton(AF_INET, address.host, &name.sin_addr)
      take(name)
    case .ipv6:
      var name = sockaddr_in6()
      name.sin6_family = sa_family_t(AF_INET6)
      name.sin6_port = address.port.bigEndian
      inet_pton(AF_INET6, address.host, &name.sin6_addr)
      take(name)
    case .unix:
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: address.host.utf8.prefix(Self.pathSize - 1)) }
      take(name)
    }
  }

  /// The name of a socket's own end; nil when it has none.
  init?(of descriptor: Int32) {
    let result = withUnsafeMutableBytes(of: &storage) { raw in
      getsockname(descriptor, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
    }
    guard result == 0 else { return nil }
  }

  private mutating func take<Name>(_ name: Name) {
    withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: name, as: Name.self) }
    length = socklen_t(MemoryLayout<Name>.size)
  }

  /// Calls `body` with what system calls take.
  func with(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    withUnsafeBytes(of: storage) { raw in
      raw.baseAddress.map { body($0.assumingMemoryBound(to: sockaddr.self), length) } ?? -1
    }
  }

  /// The address; nil for a family on which nothing listens here, and a Unix socket without a name.
  var address: BoundAddress? {
    withUnsafeBytes(of: storage) { raw in
      let port = UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
      switch Int32(storage.ss_family) {
      case AF_INET: return BoundAddress(family: .ipv4, host: Self.text(AF_INET, raw[4...]), port: port)
      case AF_INET6: return BoundAddress(family: .ipv6, host: Self.text(AF_INET6, raw[8...]), port: port)
      case AF_UNIX: return Self.path(raw[..<Int(length)].dropFirst(Self.pathOffset))
      default: return nil
      }
    }
  }

  private static func text(_ family: Int32, _ bytes: Slice<UnsafeRawBufferPointer>) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 46) { buffer in
      let bytes = UnsafeRawBufferPointer(rebasing: bytes)
      return inet_ntop(family, bytes.baseAddress, buffer.baseAddress, 46).map { String(cString: $0) } ?? ""
    }
  }

  /// A name without a file begins with a zero byte (unix(7), "abstract"), and is written with `@` for it.
  private static func path(_ bytes: Slice<UnsafeRawBufferPointer>) -> BoundAddress? {
    guard let first = bytes.first else { return nil }
    let text =
      first == 0
      ? "@" + String(decoding: bytes.dropFirst(), as: UTF8.self)
      : String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    return BoundAddress(family: .unix, host: text, port: 0)
  }
}
