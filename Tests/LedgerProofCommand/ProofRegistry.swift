import LedgerProof

/// The proofs that the command knows, in the order in which `--help` shows them.
enum ProofRegistry {
  static let proofs: [any Proof] = [
    SimulationProof(), DamageProof(), CrashImageProof(), IOFaultProof(), BackupFaultProof(),
  ]

  static func proof(named name: String) -> (any Proof)? {
    proofs.first { $0.name == name }
  }
}
