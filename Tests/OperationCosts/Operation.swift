/// Work whose cost is counted.
struct Operation: Sendable {
  let name: String
  /// How many of the work's units one round does.
  let unitsPerRound: Int
  /// How many rounds the shorter of the two runs does whose difference is the cost.
  let rounds: Int
  /// Prepares, and then does so many rounds.
  let run: @Sendable (_ rounds: Int, _ folder: String) async throws -> Void

  init(
    _ name: String, unitsPerRound: Int = 1, rounds: Int = 2000,
    run: @escaping @Sendable (_ rounds: Int, _ folder: String) async throws -> Void
  ) {
    self.name = name
    self.unitsPerRound = unitsPerRound
    self.rounds = rounds
    self.run = run
  }

  static let all: [Operation] = ledger + log + signing + engine
}

/// The work did not do what its name says.
struct UnexpectedOutcome: Error {
  let what: String

  init(_ what: String) { self.what = what }
}
