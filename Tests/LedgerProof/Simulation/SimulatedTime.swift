internal import LedgerTesting
internal import TokenLedger

/// What happens to the two clocks of a simulated machine.
///
/// Time passes for both; the wall clock is set as well, forwards and back, and reads nonsense at times, when the seed
/// says so.
///
/// `@unchecked`: only the simulation's thread touches it.
final class SimulatedTime: @unchecked Sendable {
  /// What happens to the clocks of one world.
  enum Temper: UInt8 {
    /// Time passes, and nothing else.
    case calm
    /// The wall clock is set.
    case stepped
    /// And readers are held up between two readings.
    case held
    /// And the wall clock reads nonsense, for a moment or for longer.
    case absurd
  }

  struct Reading {
    let wall: Int64
    let boot: Int64
  }

  /// What the wall clock says.
  var wall: Int64 { manual.now.milliseconds }
  var boot: Int64 { manual.bootMilliseconds }
  /// While it is set, readings change nothing.
  var isQuiet = false
  private static let start: Int64 = 1_767_225_600_000
  /// Of the machine, when its simulation begins.
  private static let uptime: Int64 = 5_000_000
  private static let hour: Int64 = 3_600_000
  private static let day = 24 * hour
  private let manual = ManualClock(
    Timestamp(milliseconds: SimulatedTime.start + SimulatedTime.uptime), bootMilliseconds: SimulatedTime.uptime)
  /// How far the wall clock is from what is right.
  private var skew: Int64 = 0
  /// For how many readings more the wall clock says something else.
  private var readingsLeft = 0
  private let temper: Temper
  private var random: SeededGenerator
  private let trace: SimulationTrace
  /// Hears of every change.
  private let onChange: (Reading, _ isHeldUp: Bool) -> Void
  /// What happened, by its kind.
  private(set) var tally = ProofTally()

  init(
    _ temper: Temper, seed: UInt64, trace: SimulationTrace, onChange: @escaping (Reading, _ isHeldUp: Bool) -> Void
  ) {
    (self.temper, self.trace, self.onChange) = (temper, trace, onChange)
    random = SeededGenerator(seed: seed)
    manual.setOnReading { [unowned self] clock, read in afterReading(of: clock, read) }
    onChange(Reading(wall: wall, boot: boot), false)
  }

  var clock: SessionClock { manual.sessionClock }

  private func afterReading(of clock: ManualClock.Reading, _ read: Int64) {
    trace.mix(UInt64(bitPattern: read))
    guard !isQuiet else { return }
    if clock == .wall, readingsLeft > 0 {
      readingsLeft -= 1
      if readingsLeft == 0 { change("is itself again") { manual.stickWall(at: nil) } }
    }
    guard temper.rawValue >= Temper.held.rawValue, random.next() % 24 == 0 else { return }
    tally.add("readers held up between two readings")
    let most: Int64 = [5, 5, 900, 20_000][Int(random.next() % 4)]
    pass(1 + Int64(random.next() % UInt64(most)), isHeldUp: true)
  }

  /// Goes by for both clocks.
  func pass(_ milliseconds: Int64, isHeldUp: Bool = false) {
    guard milliseconds > 0 else { return }
    manual.advance(milliseconds: milliseconds)
    trace.note("  time +\(milliseconds)\(isHeldUp ? " between two readings" : "")")
    onChange(Reading(wall: wall, boot: boot), isHeldUp)
  }

  /// The boot clock begins anew.
  func reboot() {
    manual.reboot()
    onChange(Reading(wall: wall, boot: boot), false)
  }

  private func step(_ milliseconds: Int64) {
    tally.add(milliseconds < 0 ? "steps back of the wall clock" : "steps forward of the wall clock")
    change("is set by \(milliseconds)") { move(by: milliseconds) }
  }

  private func move(by milliseconds: Int64) {
    skew += milliseconds
    manual.step(milliseconds: milliseconds)
  }

  private func change(_ what: String, _ body: () -> Void) {
    body()
    trace.note("  wall clock \(what): \(wall)")
    onChange(Reading(wall: wall, boot: boot), false)
  }
}

// MARK: - What happens

extension SimulatedTime {
  /// As between two things that happen: mostly nothing, seldom more than seconds.
  func drift() {
    switch random.next() % 64 {
    case 0..<38: break
    case 38..<52: pass(Int64(random.next() % 4))
    case 52..<56: pass(Int64(random.next() % 200))
    case 56..<58: pass(Int64(random.next() % 5_000))
    case 58: stepIfAny(-Int64(random.next() % 50))
    case 59: stepIfAny(Int64(random.next() % 50))
    case 60: stepIfAny(Int64(random.next() % 8_000) - 4_000)
    case 61: setRight()
    default: if random.next() % 8 == 0 { jump() }
    }
  }

  /// As after a long sleep, or when somebody sets the clock.
  func jump() {
    switch random.next() % 12 {
    case 0, 1: pass(Int64(random.next() % 60_000))
    case 2:
      tally.add("suspensions")
      pass(Int64(random.next() % UInt64(30 * Self.hour)))
    case 3: pass(31 * Self.day)
    case 4: stepIfAny(Int64(random.next() % UInt64(2 * Self.hour)))
    case 5, 6: stepIfAny(-Int64(random.next() % UInt64(2 * Self.hour)))
    case 7: stepIfAny(Int64(random.next() % UInt64(70 * Self.day)) - 35 * Self.day)
    case 8, 9: setRight()
    case 10: beAbsurd(readings: 1 + Int(random.next() % 3))
    default: if random.next() % 4 == 0 { beAbsurd(readings: 0) }
    }
  }

  private func stepIfAny(_ milliseconds: Int64) {
    guard temper != .calm else { return pass(abs(milliseconds)) }
    if milliseconds != 0 { step(milliseconds) }
  }

  private func setRight() {
    if skew != 0 { step(-skew) }
  }

  /// - Parameter readings: for how many; 0 until it is set right.
  private func beAbsurd(readings: Int) {
    guard temper == .absurd, readingsLeft == 0 else { return }
    let past: [Int64] = [0, 1_000, 86_399_999, -1, -86_400_000, -62_135_596_800_000]
    let future: [Int64] = [10_413_792_000_000, 253_402_300_799_999, 253_402_300_800_000, 1 << 60]
    // What the future said stays: few worlds see it.
    let choices = random.next() % 4 == 0 ? future : past
    var value = choices[Int(random.next() % UInt64(choices.count))]
    tally.add("absurd readings")
    guard readings == 0 else {
      if random.next() % 8 == 0 { value = value > Self.start ? .max : .min }
      readingsLeft = readings
      return change("is absurd for \(readings) readings") { manual.stickWall(at: Timestamp(milliseconds: value)) }
    }
    change("is absurd") { move(by: value - wall) }
  }
}
