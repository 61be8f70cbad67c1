// The time of a log line, without Foundation.

import Glibc

/// An instant of wall time to the millisecond.
package struct LogTime: Sendable {
  private let milliseconds: Int

  /// `milliseconds` since 1970-01-01T00:00:00Z, not negative.
  package init(milliseconds: Int) { self.milliseconds = max(0, milliseconds) }

  /// What the wall clock says.
  package static func now() -> LogTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return LogTime(milliseconds: time.tv_sec * 1000 + time.tv_nsec / 1_000_000)
  }

  /// RFC 3339 in UTC, `2026-01-02T03:04:05.678Z`.
  package var text: String {
    let seconds = milliseconds / 1000
    let (year, month, day) = date(days: seconds / 86_400)
    let clock = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(clock.joined(separator: ":"))"
      + ".\(padded(milliseconds % 1000, 3))Z"
  }

  /// The Gregorian date of a day since 1970, counting years from March so that the leap day comes last.
  private func date(days: Int) -> (year: Int, month: Int, day: Int) {
    let day = days + 719_468
    let era = day / 146_097
    let ofEra = day % 146_097
    let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * year + year / 4 - year / 100)
    let month = (5 * ofYear + 2) / 153
    return (
      era * 400 + year + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9, ofYear - (153 * month + 2) / 5 + 1
    )
  }

  private func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
