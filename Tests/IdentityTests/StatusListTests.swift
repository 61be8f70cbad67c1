// Status lists: the bits as draft-ietf-oauth-status-list has them, and places that nobody shares.

import JOSE
import Storage
import Testing

@testable import Identity

@Suite struct StatusListTests {
  /// Sections 4.1 and 4.2: B9 A3, and what zlib makes of it at its highest level.
  @Test func theDraftsExample() throws {
    var bits = StatusBits(count: 16)
    for (index, isSet) in [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1].enumerated() where isSet == 1 {
      bits.set(index)
    }
    #expect(bits.bytes == [0xb9, 0xa3])
    #expect(try bits.encoded() == "eNrbuRgAAhcBXQ")
  }

  /// An empty list is small, whatever its size.
  @Test func anEmptyList() throws {
    #expect(try StatusBits().encoded().utf8.count < 100)
    #expect(StatusBits().bytes.count == 32_768)
  }

  @Test func thePlaceThatATokenNames() {
    func place(_ status: String) -> StatusPlace? {
      StatusLists.place(in: Array(#"{"iss":"https://id.example","status":\#(status)}"#.utf8), "https://id.example")
    }
    let uri = #""uri":"https://id.example/v1/status/"#
    #expect(place(#"{"status_list":{"idx":5,\#(uri)3"}}"#) == StatusPlace(3 << Int64(StatusPlace.power) | 5))
    #expect(place(#"{"status_list":{"idx":262143,\#(uri)0"}}"#) == StatusPlace(262_143))
    for bad in [
      "{}", "1", #"{"status_list":{\#(uri)3"}}"#, #"{"status_list":{"idx":5}}"#,
      #"{"status_list":{"idx":-1,\#(uri)3"}}"#, #"{"status_list":{"idx":262144,\#(uri)3"}}"#,
      #"{"status_list":{"idx":5,\#(uri)-3"}}"#, #"{"status_list":{"idx":5,\#(uri)x"}}"#,
      #"{"status_list":{"idx":5,\#(uri)9223372036854775807"}}"#,
      #"{"status_list":{"idx":5,"uri":"https://other.example/v1/status/3"}}"#,
    ] {
      #expect(place(bad) == nil, "\(bad)")
    }
  }

  @Test(arguments: [0, 1, UInt64.max, 0x0123_4567_89ab_cdef]) func everyPlaceOnce(key: UInt64) {
    let size = 1 << StatusPlace.power
    var seen = [Bool](repeating: false, count: 2 * size)
    var rises = 0
    var last = -1
    for count in 0..<2 * size {
      let place = StatusPlace(after: Int64(count), key: key)
      #expect(place.list == Int64(count / size))
      let number = Int(place.number)
      if seen[number] { Issue.record("\(number) twice") }
      seen[number] = true
      if place.index > last { rises += 1 }
      last = place.index
    }
    // In order, all of them would rise; at random, half.
    #expect(abs(rises - size) < size / 10)
    #expect(StatusPlace.longest.index == size - 1)
  }
}
