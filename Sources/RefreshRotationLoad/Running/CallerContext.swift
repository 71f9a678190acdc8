/// What all callers of a load share.
struct CallerContext: Sendable {
  let options: LoadOptions
  let target: any RotationTarget
  let clock: LoadClock
  let collector: LoadCollector
  let supply: SessionSupply
  let onViolation: @Sendable (LoadViolation) -> Void

  var schedule: ArrivalSchedule? {
    options.rate.map { ArrivalSchedule(rate: $0, rampUp: options.rampUp) }
  }
}
