#if Postgres
internal import LedgerTesting
internal import PostgresTesting
internal import TokenLedger
internal import TokenLedgerPostgres

/// One caller that asks an instance for everything that a ledger in a database does, one call after the other.
struct DatabaseScript {
  /// What is asked for of sessions that nobody else asks for, so that the order of the parts does not matter.
  enum Part: String, CaseIterable {
    case openings, imports, rotations, reuse, refusals, terms, batches, revocations, subjects, marks, replacedClient
    case accounts, access, oneTime, listings, records, issuer, events, history, figures, successors, upkeep, fence
  }

  let world: DatabaseWorld
  let database: ProofDatabase
  let instance: ProofInstance
  let parts: [Part]
  /// Before the names of this run's subjects and clients.
  let prefix: String

  static let lifetimes =
    Lifetimes(idleMilliseconds: 3_600_000, absoluteMilliseconds: 86_400_000) ?? LedgerScript.shortest
  static let shortLifetimes = Lifetimes(idleMilliseconds: 1000, absoluteMilliseconds: 5000) ?? LedgerScript.shortest

  func run() async throws {
    for part in parts {
      await world.trace("\(part)")
      switch part {
      case .openings: await openings()
      case .imports: await imports()
      case .rotations: await rotations()
      case .reuse: await reuse()
      case .refusals: await refusals()
      case .terms: await terms()
      case .batches: await batches()
      case .revocations: await revocations()
      case .subjects: await subjects()
      case .marks: await marks()
      case .replacedClient: await replacedClient()
      case .accounts: await accounts()
      case .access: await access()
      case .oneTime: await oneTime()
      case .listings: await listings()
      case .records: await records()
      case .issuer: await issuer()
      case .events: await events()
      case .history: await history()
      case .figures: await figures()
      case .successors: try await successors()
      case .upkeep: await upkeep()
      case .fence: await fence()
      }
    }
  }

  // MARK: - Grants and requests

  func grant(
    _ subject: String, client: String = "web", _ lifetimes: Lifetimes = Self.lifetimes,
    rotation: RotationPolicy = .always, version: AccountVersion = .unknown
  ) -> SessionGrant {
    SessionGrant(
      subject: prefix + subject, client: prefix + client, scope: "read write", lifetimes: lifetimes,
      rotation: rotation, label: "phone", subjectVersion: version, accessMilliseconds: 900_000)
  }

  /// A session's number; nil if it was not opened for certain.
  func open(
    _ subject: String, client: String = "web", _ lifetimes: Lifetimes = Self.lifetimes,
    rotation: RotationPolicy = .always, version: AccountVersion = .unknown
  ) async -> Int? {
    await world.open(
      grant(subject, client: client, lifetimes, rotation: rotation, version: version), at: instance)
  }

  /// Presents a token of a session: the newest that is known, or one that is so many generations older.
  @discardableResult
  func rotate(
    _ number: Int?, behind: UInt32 = 0, _ change: (inout RotationRequest) -> Void = { _ in }
  ) async -> Rotation? {
    guard let number, var request = await request(number, behind: behind) else { return nil }
    change(&request)
    return await world.rotate(number, request, at: instance)
  }

  func request(_ number: Int, behind: UInt32 = 0) async -> RotationRequest? {
    let session = await world.newest[number]
    let live = session.refreshTokenID.generation
    guard behind <= live else { return nil }
    return RotationRequest(
      token: TokenID(session: session.id, generation: live - behind), client: session.client,
      reuse: .refuse, accessMilliseconds: 900_000)
  }

  /// The answer to a call that no history is kept of.
  func answer<Value: Sendable>(
    _ what: String, _ call: @Sendable () async throws(LedgerError) -> Value
  ) async -> Value? {
    await world.perform(what, at: instance, call)
  }
}
#endif
