/// One kind of proof: many numbered cases, each of which follows from its number alone.
///
/// A case that finds the product wrong says so in the tally; it never traps. `ledger-proof NAME` runs them all, each
/// once, in any order and on several threads; `ledger-proof NAME --seed N --trace` runs one and shows what happens in
/// it.
package protocol Proof: Sendable {
  /// The subcommand.
  var name: String { get }
  /// One line for `--help`.
  var summary: String { get }
  /// The cases that are run when none are named.
  var cases: Range<UInt64> { get }

  /// Runs one case and adds what it found.
  ///
  /// - Parameters:
  ///   - number: The number of the case.
  ///   - tally: The tally to which the case's counts and violations are added.
  ///   - trace: A closure that takes a line for each step, for a person who replays one case; nil in a run of many.
  func run(_ number: UInt64, into tally: inout ProofTally, trace: ((String) -> Void)?) async
}

extension Proof {
  /// The command that shows one case again.
  package func replayCommand(_ number: UInt64) -> String {
    "tools/ledger-proof \(name) --seed \(number) --trace"
  }
}

/// What a number of cases found: counts under names, and violations with their evidence.
package struct ProofTally: Sendable {
  package struct Violation: Sendable {
    package let number: UInt64
    package let what: String
    /// What a reader needs to believe it, a line each.
    package let evidence: [String]
  }

  private var counts: [String: Int] = [:]
  /// In the order of their first mention.
  package private(set) var names: [String] = []
  package private(set) var cases = 0
  package private(set) var violationCount = 0
  /// The first ones only: a broken product breaks everywhere.
  package private(set) var violations: [Violation] = []

  static let violationsKeptMax = 20

  package init() {}

  package subscript(name: String) -> Int { counts[name] ?? 0 }

  package mutating func add(_ name: String, _ count: Int = 1) {
    if let known = counts[name] {
      counts[name] = known + count
    } else {
      counts[name] = count
      names.append(name)
    }
  }

  package mutating func addCase() {
    cases += 1
  }

  package mutating func addViolation(_ number: UInt64, _ what: String, evidence: [String] = []) {
    violationCount += 1
    guard violations.count < Self.violationsKeptMax else { return }
    violations.append(Violation(number: number, what: what, evidence: evidence))
  }

  package mutating func merge(_ other: ProofTally) {
    for name in other.names { add(name, other[name]) }
    cases += other.cases
    violationCount += other.violationCount
    violations += other.violations.prefix(Self.violationsKeptMax - violations.count)
  }
}
