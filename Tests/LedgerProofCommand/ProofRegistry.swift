import LedgerProof

/// The proofs that the command knows, in the order in which `--help` shows them.
enum ProofRegistry {
  #if Postgres
  /// Those of the ledger in a database, which start a PostgreSQL of their own.
  static let proofs: [any Proof] = embedded + [DatabaseFaultProof(), DatabaseHistoryProof()]
  #else
  static let proofs = embedded
  #endif

  private static let embedded: [any Proof] = [
    SimulationProof(), DamageProof(), CrashImageProof(), IOFaultProof(), BackupFaultProof(),
  ]

  static func proof(named name: String) -> (any Proof)? {
    proofs.first { $0.name == name }
  }
}
