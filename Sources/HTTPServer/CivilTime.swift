// Dates as HTTP and the log write them, in UTC, straight from seconds; no locale and no library.

struct CivilTime {
  let year: Int
  let month: Int
  let day: Int
  let weekday: Int
  let secondOfDay: Int

  /// From seconds since 1970. The year is taken to begin in March, so that the leap day comes last.
  init(seconds: Int) {
    let days = seconds / 86_400
    secondOfDay = seconds % 86_400
    weekday = (days + 4) % 7
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let march = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * march + 2) / 5 + 1
    month = march < 10 ? march + 3 : march - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// IMF-fixdate (RFC 9110 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
  var httpDate: String {
    let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return "\(weekdays[weekday]), \(two(day)) \(months[month - 1]) \(year) \(clock) GMT"
  }

  /// RFC 3339 without the fraction and the zone: `1994-11-06T08:49:37`.
  var timestamp: String { "\(year)-\(two(month))-\(two(day))T\(clock)" }

  private var clock: String {
    "\(two(secondOfDay / 3600)):\(two(secondOfDay / 60 % 60)):\(two(secondOfDay % 60))"
  }

  private func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
