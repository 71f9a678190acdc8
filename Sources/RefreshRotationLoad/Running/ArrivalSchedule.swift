/// When the requests of an open loop are due, whatever the server does.
struct ArrivalSchedule: Sendable {
  /// Requests a second once the ramp is over, in which it grows evenly from zero.
  let rate: Double
  let rampUp: Duration

  /// Since the start.
  func due(_ index: Int) -> Duration {
    let ramp = rampUp.inSeconds
    let inRamp = rate * ramp / 2
    let position = Double(index)
    let seconds = position < inRamp ? (2 * position * ramp / rate).squareRoot() : ramp / 2 + position / rate
    return .nanoseconds(Int64(seconds * 1_000_000_000))
  }
}
