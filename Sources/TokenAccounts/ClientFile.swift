public import TokenEngine
internal import TokenLedger

/// The embedded client file, `clients.json`: `{"version": 1, "clients": [{"id", "public", "secretDigest", "scopes",
/// "grants", "grace", "accessTTL", "refreshTTL", "maxAge", "rotation", "introspect", "admin",
/// "version"}]}`.
///
/// It is followed, locked and replaced as ``SubjectFile`` is; the lock is `clients.lock`. Of a secret only a salted
/// SHA-256 digest is stored. The methods that change the file block.
public final class ClientFile: ClientStore, ClientDirectory {
  public static let fileName = "clients.json"
  /// How many candidates of a secret are looked at; more encodings of one secret than these there are not.
  public static let candidatesMax = 8

  private let file: AccountFile<ClientEntry>
  /// Compared with for unknown ids and public clients.
  private let unmatchable: SecretDigest

  package var place: String { file.path }

  /// Opens the file at `path`, which need not exist: no file is no clients. `observer` is told of every change that was
  /// read or refused, on a queue of the file's; it must not call back.
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
    unmatchable = try SecretDigest.unmatchable()
  }

  public func client(id: String) async -> Client? {
    await file.current()[id]?.client
  }

  public func authenticate(id: String, secretCandidates: [[UInt8]]) async -> Client? {
    let entry = await file.current()[id]
    let matched = (entry?.digest ?? unmatchable).matches(anyOf: secretCandidates.prefix(ClientFile.candidatesMax))
    return matched && entry?.digest != nil ? entry?.client : nil
  }

  /// The clients in the order of the file, read anew if it changed.
  public func list() throws(AccountError) -> [Client] {
    try file.reload().entries.map(\.client)
  }

  /// Reads the file again if it changed, and throws if its newest version is not in force.
  public func reload() throws(AccountError) {
    _ = try file.reload()
  }

  /// Adds a client: a public one without a secret, any other with one of 16 to 1024 printable ASCII characters.
  ///
  /// A public client may neither introspect nor be an admin, nor use `client_credentials`. A grace window is 0 to 300
  /// seconds in whole milliseconds.
  public func add(_ client: Client, secret: String? = nil) throws(AccountError) {
    guard client.isPublic == (secret == nil) else {
      throw .invalid(
        field: "secret",
        rule: client.isPublic ? "must not be given for a public client" : "must be given: 16 bytes or more")
    }
    var digest: SecretDigest?
    if let secret {
      if let rule = AccountText.fault(inClientSecret: secret) { throw .invalid(field: "secret", rule: rule) }
      digest = try SecretDigest(secret: Array(secret.utf8))
    }
    // What an earlier client of that id had open is not this one's.
    try file.add(ClientEntry(client: client, digest: digest, version: VersionText.make()))
  }

  /// See ``SubjectFile/follow()``.
  public func follow() async {
    _ = await file.current()
  }

  public func remove(id: String) throws(AccountError) {
    try file.remove(name: id)
  }

  /// Reads grant types as people write them: `password refresh_token`.
  public static func grants(_ text: String) throws(AccountError) -> Set<GrantType> {
    try ClientEntry.grants(text)
  }

  /// Reads a grace window as people write it: `500ms`, `30s`, `5m`; 0 to 300 seconds.
  public static func grace(_ text: String) throws(AccountError) -> Duration {
    try ClientDuration.grace.parse(text)
  }

  /// Reads lifetimes as people write them: `500ms`, `30s`, `15m`, `12h`, `30d`; nil for those of the engine.
  public static func lifetimes(
    access: String? = nil, idle: String? = nil, absolute: String? = nil
  ) throws(AccountError) -> ClientLifetimes {
    var lifetimes = ClientLifetimes()
    if let access { lifetimes.access = try ClientDuration.accessTTL.parse(access) }
    if let idle { lifetimes.idle = try ClientDuration.refreshTTL.parse(idle) }
    if let absolute { lifetimes.absolute = try ClientDuration.maxAge.parse(absolute) }
    return lifetimes
  }

  /// Reads `always` or `never`.
  public static func rotation(_ text: String) throws(AccountError) -> RotationPolicy {
    try ClientEntry.rotation(text)
  }

  /// A duration as this file holds it; nil if it is negative or has a part of a millisecond.
  public static func text(of duration: Duration) -> String? {
    DurationText.format(duration)
  }
}
