public import TokenEngine
internal import TokenLedger

/// The embedded client file, `clients.json`: `{"version": 1, "clients": [{"id", "public", "secretDigest", "scopes",
/// "grants", "grace", "accessTTL", "refreshTTL", "maxAge", "rotation", "introspect", "admin", "dpop", "version"}]}`.
///
/// The file is followed, locked and replaced like ``SubjectFile``; the lock is `clients.lock`. Only a salted SHA-256
/// digest of a secret is stored. The methods that change the file block.
public final class ClientFile: ClientStore, ClientDirectory {
  public static let fileName = "clients.json"
  /// The most candidates of a secret that are compared; one secret has no more encodings than that.
  public static let candidatesMax = AccountText.secretCandidatesMax

  private let file: AccountFile<ClientEntry>
  private let lookup: ClientLookup<AccountFile<ClientEntry>>

  package var place: String { file.path }

  /// Opens the file at `path`, which need not exist: without a file there are no clients.
  ///
  /// `observer` is called for every change that was read or refused, on a queue of the file's; it must not call back.
  public convenience init(
    path: String, observer: @escaping @Sendable (AccountFileEvent) -> Void = { _ in }
  ) throws(AccountError) {
    try self.init(path: path, clock: AccountClock.now, observer: observer)
  }

  init(
    path: String, clock: @escaping @Sendable () -> Duration,
    observer: @escaping @Sendable (AccountFileEvent) -> Void
  ) throws(AccountError) {
    file = try AccountFile(path: path, clock: clock, observer: observer)
    lookup = try ClientLookup(file)
  }

  public func client(id: String) async -> Client? {
    await lookup.client(id: id)
  }

  public func authenticate(id: String, secretCandidates: [[UInt8]]) async -> Client? {
    await lookup.authenticate(id: id, secretCandidates: secretCandidates)
  }

  /// Returns the clients in the order of the file, read anew if it changed.
  public func list() throws(AccountError) -> [Client] {
    try file.reload().entries.map(\.client)
  }

  /// Reads the file again if it changed, and throws if its newest version is not in force.
  public func reload() throws(AccountError) {
    _ = try file.reload()
  }

  /// Adds a client: a public one without a secret, any other with one of 16 to 1024 printable ASCII characters.
  ///
  /// A public client can neither introspect nor be an admin, nor use `client_credentials`. A grace window is 0 to 300
  /// seconds in whole milliseconds.
  public func add(_ client: Client, secret: String? = nil) throws(AccountError) {
    try file.make(.adding(client, secret: secret))
  }

  /// Reports a change to the observer; see ``SubjectFile/follow()``.
  public func follow() async {
    _ = await file.current()
  }

  public func remove(id: String) throws(AccountError) {
    try file.make(.removing(id))
  }

  /// Returns a copy of all clients, for moving them.
  package func copy() throws(AccountError) -> AccountCopy {
    try AccountCopy(file.reload().entries, path: file.path)
  }

  /// Replaces all clients by those of the copy.
  package func replaceAll(with copy: AccountCopy) throws(AccountError) {
    try file.replaceAll(with: copy.entries(path: file.path))
  }

  /// Parses grant types as people write them: `password refresh_token`.
  public static func grants(_ text: String) throws(AccountError) -> Set<GrantType> {
    try ClientEntry.grants(text)
  }

  /// Parses a grace window as people write it: `500ms`, `30s`, `5m`; 0 to 300 seconds.
  public static func grace(_ text: String) throws(AccountError) -> Duration {
    try ClientDuration.grace.parse(text)
  }

  /// Parses lifetimes as people write them: `500ms`, `30s`, `15m`, `12h`, `30d`; nil stands for the engine's.
  public static func lifetimes(
    access: String? = nil, idle: String? = nil, absolute: String? = nil
  ) throws(AccountError) -> ClientLifetimes {
    var lifetimes = ClientLifetimes()
    if let access { lifetimes.access = try ClientDuration.accessTTL.parse(access) }
    if let idle { lifetimes.idle = try ClientDuration.refreshTTL.parse(idle) }
    if let absolute { lifetimes.absolute = try ClientDuration.maxAge.parse(absolute) }
    return lifetimes
  }

  /// Parses `always` or `never`.
  public static func rotation(_ text: String) throws(AccountError) -> RotationPolicy {
    try ClientEntry.rotation(text)
  }

  /// Parses `required`, which is all that the member `dpop` can be.
  public static func requiresProof(_ text: String) throws(AccountError) -> Bool {
    try ClientEntry.requiresProof(text)
  }

  /// Returns a duration as this file has it, or nil if it is negative or has a fraction of a millisecond.
  public static func text(of duration: Duration) -> String? {
    DurationText.format(duration)
  }
}
