/// One kind of proof: many numbered cases, each of which follows from its number alone.
///
/// A case that finds the product wrong says so in the tally; it never traps. `ledger-proof NAME` runs them all, each once,
/// in any order and on several threads; `ledger-proof NAME --seed N --trace` runs one and shows what happens in it.
package protocol Proof: Sendable {
  /// The subcommand.
  var name: String { get }
  /// One line for `--help`.
  var summary: String { get }
  /// The cases that are run when none are named.
  var cases: Range<UInt64> { get }

  /// Runs one case and adds what it found.
  ///
  /// - Parameter trace: takes a line for each step, for a person who replays one case; nil in a run of many.
  func run(_ number: UInt64, into tally: inout ProofTally, trace: ((String) -> Void)?) async
}

extension Proof {
  /// The command that shows one case again.
  package func replayCommand(_ number: UInt64) -> String {
    "tools/ledger-proof \(name) --seed \(number) --trace"
  }
}
