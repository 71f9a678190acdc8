internal import LedgerTesting

extension SimulatedWorld {
  /// Runs all lives.
  func run() {
    trace.note("seed \(seed): durability \(plan.durability), \(plan.lives) lives")
    for number in 0..<plan.lives {
      let life = SimulatedLife(self, number: number, isLast: number == plan.lives - 1)
      life.run()
      guard oracle.violations.isEmpty else { return }
      betweenLives()
      guard oracle.violations.isEmpty else { return }
    }
  }

  private func betweenLives() {
    if random.next() % 2 == 0 { time.jump() }
    if random.next() % 12 == 0 { RotAtRest(world: self).run() }
  }
}
