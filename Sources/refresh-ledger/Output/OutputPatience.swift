/// How long the end of the process waits for whoever reads the output: until a moment while they read, a short time while they do not.
struct OutputPatience<Instant: InstantProtocol> {
  /// Without a byte taken.
  let stall: Instant.Duration
  let end: Instant

  private var seen: (written: Int, time: Instant)?

  init(stall: Instant.Duration, end: Instant) {
    self.stall = stall
    self.end = end
  }

  /// Whether to wait on, at a moment at which as many bytes were written in all.
  mutating func lasts(at now: Instant, written: Int) -> Bool {
    if seen?.written != written { seen = (written, now) }
    guard now < end, let seen else { return false }
    return now < seen.time.advanced(by: stall)
  }
}
