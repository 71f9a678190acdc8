#if Postgres
/// The time that a feed waits for an answer although the lanes are answered, by what its answers took of late.
///
/// It doubles with each wait that was overtaken, so that a server that is only slow is heard in the end.
struct FeedPatience {
  private var connecting = Self.connectingMin
  private var reading = Duration.zero

  private static let connectingMin = Duration.milliseconds(100)
  private static let readingMin = Duration.milliseconds(250)
  private static let doubledMax = Duration.seconds(5)

  /// The time that each answer can take while a connection is made.
  var ofConnecting: Duration { connecting }

  /// The time that an answer to a reading can take: four times the longest of late.
  var ofReading: Duration { max(Self.readingMin, reading * 4) }

  /// Notes the time of a reading that was answered.
  mutating func noteReading(_ duration: Duration) {
    reading = max(duration, reading * 7 / 8)
    connecting = Self.connectingMin
  }

  /// Notes that a wait was overtaken.
  mutating func double() {
    connecting = min(Self.doubledMax, connecting * 2)
    reading = min(Self.doubledMax, max(reading * 2, Self.readingMin / 2))
  }
}
#endif
