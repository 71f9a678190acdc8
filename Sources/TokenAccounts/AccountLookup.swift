internal import TokenEngine

/// A source of the entries of one kind for look-ups: an ``AccountFile``, or records of a database.
protocol AccountSource<Entry>: Sendable {
  associatedtype Entry: AccountEntry

  /// Returns the entries in force.
  ///
  /// If newer ones must be read first, the call waits without blocking a thread of Swift's pool.
  func current() async -> AccountDocument<Entry>
}

/// The look-ups of a ``SubjectStore``.
struct SubjectLookup<Source: AccountSource>: Sendable where Source.Entry == UserEntry {
  private let source: Source
  let pool: PasswordPool
  /// The cost of new hashes.
  let cost: PasswordCost
  /// A hash that is verified for unknown names while there are no users.
  private let unmatchable: PasswordHash

  init(_ source: Source, pool: PasswordPool, cost: PasswordCost) throws(AccountError) {
    self.source = source
    self.pool = pool
    self.cost = cost
    unmatchable = try PasswordHash.unmatchable(cost: cost)
  }

  func subject(id: String) async -> Subject? {
    await source.current()[id]?.subject
  }

  func loginName(ignoringCase name: String) async -> String {
    await source.current().name(ignoringCase: name) ?? name
  }

  /// Authenticates a user.
  ///
  /// For an unknown name the hash of some user, always the same for one name, is verified and the result dropped. This
  /// takes the time of an existing user, even if there are hashes of several kinds and costs.
  func authenticate(name: String, password: String) async throws(StoreError) -> Subject? {
    guard (1...PasswordHash.passwordBytesMax).contains(password.utf8.count) else { return nil }
    let document = await source.current()
    let hash = document[name]?.hash ?? decoy(for: name, in: document)
    let isRight = try await pool.run { () throws(StoreError) in try hash.verify(password) }
    // The user may have changed while the hash was computed; the current entry counts.
    guard isRight, let now = await source.current()[name], now.hash.text == hash.text else { return nil }
    return now.subject
  }

  private func decoy(for name: String, in document: AccountDocument<UserEntry>) -> PasswordHash {
    guard !document.entries.isEmpty else { return unmatchable }
    // Swift seeds hash values anew in every program run, so no outsider knows which user it is.
    let choice = UInt(bitPattern: name.hashValue) % UInt(document.entries.count)
    return document.entries[Int(choice)].hash
  }
}

/// The look-ups of a ``ClientStore``.
struct ClientLookup<Source: AccountSource>: Sendable where Source.Entry == ClientEntry {
  private let source: Source
  /// A digest that is compared for unknown ids and public clients.
  private let unmatchable: SecretDigest

  init(_ source: Source) throws(AccountError) {
    self.source = source
    unmatchable = try SecretDigest.unmatchable()
  }

  func client(id: String) async -> Client? {
    await source.current()[id]?.client
  }

  func authenticate(id: String, secretCandidates: [[UInt8]]) async -> Client? {
    let entry = await source.current()[id]
    let candidates = secretCandidates.prefix(AccountText.secretCandidatesMax)
    let matched = (entry?.digest ?? unmatchable).matches(anyOf: candidates)
    return matched && entry?.digest != nil ? entry?.client : nil
  }
}
