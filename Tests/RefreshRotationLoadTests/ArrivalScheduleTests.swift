import Testing

@testable import RefreshRotationLoad

@Suite("The schedule of an open loop") struct ArrivalScheduleTests {
  @Test("spaces requests evenly at the rate")
  func even() {
    let schedule = ArrivalSchedule(rate: 200, rampUp: .zero)
    for index in [0, 1, 7, 1000, 123_456] {
      #expect(abs(schedule.due(index).inSeconds - Double(index) / 200) < 1e-6)
    }
  }

  @Test("grows from nothing to the rate in the ramp, with half of the requests that the rate would make there")
  func ramp() {
    let schedule = ArrivalSchedule(rate: 100, rampUp: .seconds(10))
    let times = (0..<2000).map { schedule.due($0).inSeconds }
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
    #expect(times.count { $0 < 10 } == 500)
    // A quarter of them in the first half of the ramp.
    #expect(times.count { $0 < 5 } == 125)
    #expect(times.count { $0 >= 10 && $0 < 11 } == 100)
  }
}
