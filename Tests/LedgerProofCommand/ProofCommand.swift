import LedgerProof

@main
struct ProofCommand {
  static func main() async {
    print("ledger-proof")
  }
}
