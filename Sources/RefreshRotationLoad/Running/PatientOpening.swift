/// Opens a session on a target that may ask for patience.
struct PatientOpening: Sendable {
  let target: any RotationTarget
  /// For how long a target that is overloaded is asked again.
  var patience = Duration.seconds(60)

  private static let attemptsMax = 3
  private static let pauseMax = Duration.seconds(10)

  /// Waits as long as the target says with 503 or 429, and tries a broken connection again some times.
  func open() async throws(TargetFailure) -> IssuedToken {
    let clock = ContinuousClock()
    let end = clock.now + patience
    var (attempts, pause) = (0, Duration.milliseconds(100))
    while true {
      do throws(TargetFailure) {
        return try await target.open()
      } catch {
        guard !Task.isCancelled else { throw .cancelled }
        switch error {
        case .overloaded, .throttled: break
        case .timeout,
          .connection where attempts + 1 < Self.attemptsMax:
          attempts += 1
        default: throw error
        }
        // Not all at once again.
        let wait = max(.milliseconds(10), min(error.retryAfter ?? pause, Self.pauseMax)) * Double.random(in: 1...1.5)
        guard clock.now + wait < end else { throw error }
        try? await clock.sleep(for: wait)
        pause = min(pause * 2, .seconds(2))
      }
    }
  }
}
