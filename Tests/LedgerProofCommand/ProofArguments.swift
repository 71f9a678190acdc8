import LedgerProof

/// The command line, taken apart.
struct ProofArguments {
  struct Refusal: Error {
    let what: String
  }

  var proof: any Proof
  var cases: Range<UInt64>
  var workers = 2
  var traces = false
  /// Print this many violations in full.
  var shownMax = 3

  static let usage = """
    usage: ledger-proof PROOF [--seeds A:B | --seed N] [--workers N] [--trace]

    Runs every case of a proof once and prints what it counted. Each case follows from its number (its seed) alone: a
    violation is printed with the command that shows it again. Exit 0 without a violation, 1 with one, 64 for usage.

    proofs:
    \(ProofRegistry.proofs.map { "  \($0.name): \($0.summary) (\($0.cases) if none are named)" }.joined(separator: "\n"))

    options:
      --seeds A:B     the cases from A up to and without B; `B` alone stands for 0:B, and 'A..<B' in quotes for A:B
      --seed N        case N alone
      --workers N     threads (2)
      --trace         with --seed: a line for every step
      --show N        violations that are printed in full (3)
      --help          this text
    """

  init(_ arguments: [String]) throws(Refusal) {
    guard let name = arguments.first else { throw Refusal(what: "name a proof") }
    guard let proof = ProofRegistry.proof(named: name) else { throw Refusal(what: "there is no proof named \(name)") }
    self.proof = proof
    cases = proof.cases
    var rest = arguments.dropFirst()
    func value(of option: String) throws(Refusal) -> String {
      guard let value = rest.popFirst() else { throw Refusal(what: "\(option) needs a value") }
      return value
    }
    while let option = rest.popFirst() {
      switch option {
      case "--seeds": cases = try Self.range(try value(of: option))
      case "--seed":
        let seed = try Self.number(try value(of: option), of: option)
        cases = seed..<(seed + 1)
      case "--workers": workers = Int(clamping: try Self.number(try value(of: option), of: option))
      case "--show": shownMax = Int(clamping: try Self.number(try value(of: option), of: option))
      case "--trace": traces = true
      default: throw Refusal(what: "unknown option \(option)")
      }
    }
    guard !traces || cases.count == 1 else { throw Refusal(what: "--trace needs --seed") }
  }

  private static func range(_ text: String) throws(Refusal) -> Range<UInt64> {
    let separator = text.contains(":") ? ":" : "..<"
    let parts = text.split(separator: separator, omittingEmptySubsequences: false)
    let bounds = parts.map { UInt64($0) }
    switch (bounds.count, bounds.first ?? nil, bounds.last ?? nil) {
    case (1, let end?, _): return 0..<end
    case (2, let start?, let end?) where start <= end: return start..<end
    default: throw Refusal(what: "--seeds takes A:B, not \(text)")
    }
  }

  private static func number(_ text: String, of option: String) throws(Refusal) -> UInt64 {
    guard let number = UInt64(text), number < .max else { throw Refusal(what: "\(option) takes a number, not \(text)") }
    return number
  }
}
