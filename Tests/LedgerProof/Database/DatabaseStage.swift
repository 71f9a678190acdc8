#if Postgres
internal import LedgerTesting
internal import PostgresTesting
internal import TokenLedger
internal import TokenLedgerPostgres

/// What is asked of a ledger in a database while each exchange with that fails in turn.
struct DatabaseStage: Sendable, Hashable {
  enum Kind: Int, Sendable, CaseIterable {
    /// An instance begins, and is asked for everything.
    case calls
    /// A subject can have two sessions at most.
    case capped
    /// An operator ends everything.
    case fence
    /// The tables are made.
    case schema
  }

  let kind: Kind
  /// In which order the parts come; 0 for that in which they are written down.
  let variant: UInt64

  var parts: [DatabaseScript.Part] {
    let parts: [DatabaseScript.Part] =
      switch kind {
      case .calls: DatabaseScript.Part.allCases.filter { $0 != .fence }
      case .capped: [.openings, .imports, .rotations, .reuse, .subjects, .listings]
      case .fence: [.openings, .records, .fence, .rotations]
      case .schema: [.openings, .oneTime, .records]
      }
    guard variant > 0 else { return parts }
    var random = SeededGenerator(seed: variant)
    return parts.shuffled(using: &random)
  }

  func options(_ database: ProofDatabase, isImpatient: Bool) -> PostgresOptions {
    var options = database.options
    if isImpatient { options.requestDeadline = .seconds(2) }
    switch kind {
    case .calls, .schema: break
    case .capped: options.sessionsPerSubjectMax = 2
    case .fence: options.acceptsLacking = true
    }
    return options
  }
}
#endif
