// What the commands say of an encrypted token.

import Testing

@Suite struct EncryptedTokenTests {
  /// A token as RFC 7520 5.6.4 has it, with less content.
  private let token = """
    eyJhbGciOiJkaXIiLCJraWQiOiI3N2M3ZTJiOC02ZTEzLTQ1Y2YtODY3Mi02MTdiNWI0NTI0M2EiLCJlbmMiOiJBMTI4R0NNIn0\
    ..refa467QzzKx6QAB.JW_i_f52hww_ELQPGaYyeAB6HYGc.vbb32Xvllea2OtmHAdccRQ
    """

  @Test func onlyTheHeaderIsShown() async throws {
    let folder = try Folder()
    for (argument, input) in [(token, nil), ("-", token + "\n")] {
      let finished = try await Finished.run(
        Programs.signet, ["token", "inspect", argument], input: input, folder: folder)
      let shown = try finished.json
      #expect(finished.status == 0)
      #expect(shown["encrypted"] == true)
      #expect(shown["verified"] == false)
      #expect(shown["claims"] == nil)
      #expect(shown["header"]?["alg"] == "dir")
      #expect(shown["header"]?["enc"] == "A128GCM")
    }
    for bad in [token + ".", "....", "AA...."] {
      let finished = try await Finished.run(Programs.signet, ["token", "inspect", bad], folder: folder)
      #expect(finished.status == 1)
      #expect(finished.output.isEmpty)
      #expect(finished.errors.split(separator: "\n").count == 1, "\(finished)")
    }
  }
}
