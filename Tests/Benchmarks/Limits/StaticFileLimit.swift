// nginx serving a static file of the JWK Set's size.

extension Machine {
  /// Answers a second; nil when nginx isn't installed.
  func staticFile(bytes: Int) async throws -> Figure.Limit? {
    guard let nginx = try await Nginx(bytes: bytes, processes: cores) else { return nil }
    return try await once("nginx, a file of \(bytes) bytes/s") { try Wrk.run(nginx.url, seconds: 5).rate }
  }
}
