import SystemPackage
import TokenAccounts
import TokenEngine
import TokenHTTP
import TokenSigning

/// The first user and client of a new data folder, made if there are none.
struct FirstStart {
  static let userName = "admin"
  static let clientID = "default"
  static let scopes = "read write"

  /// The user's password, or nil if there was a user already.
  private(set) var password: String?
  /// The client's secret, or nil if there was a client already, or if the wire asks for none.
  private(set) var secret: String?
  /// A token for trying public routes, empty if nothing was made.
  private(set) var expiredToken = ""

  /// The names of what was made, empty at a later start.
  var made: [String] {
    [
      password.map { _ in "the user \(FirstStart.userName)" }, secret.map { _ in "the client \(FirstStart.clientID)" },
    ].compactMap(\.self)
  }

  /// Creates the value for a start that made nothing.
  init() {}

  /// Makes what is missing in a data folder that has its keys: a user if there is none, and a client if there is none.
  init(
    users: SubjectFile, clients: ClientFile, folder: FilePath, settings: ServerSettings
  ) throws(CommandError) {
    let (lacksUser, lacksClient): (Bool, Bool)
    do throws(AccountError) {
      lacksUser = try users.list().isEmpty
      lacksClient = settings.http.wire == .standard ? try clients.list().isEmpty : false
    } catch {
      throw CommandError(error)
    }
    guard lacksUser || lacksClient else { return }
    // This comes first: if it failed later, nobody would see the secrets of what was made.
    do { expiredToken = try ExpiredToken.make(dataFolder: folder, options: settings.engine) } catch {
      throw CommandError(error)
    }
    do throws(AccountError) {
      if lacksUser { try addUser(to: users) }
      if lacksClient { try addClient(to: clients) }
    } catch {
      throw CommandError(error)
    }
  }

  private mutating func addUser(to users: SubjectFile) throws(AccountError) {
    let password = FirstStart.randomText()
    try users.add(name: FirstStart.userName, password: password, scopes: Scopes(FirstStart.scopes) ?? [])
    self.password = password
  }

  private mutating func addClient(to clients: ClientFile) throws(AccountError) {
    let secret = FirstStart.randomText()
    try clients.add(Client(id: FirstStart.clientID, isPublic: false), secret: secret)
    self.secret = secret
  }

  /// Returns a text of 33 characters, of which 32 carry 192 random bits.
  ///
  /// The first character is always a letter: a text that begins with a dash could not be the value of an option.
  private static func randomText() -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    var random = OpenSSLRandom()
    return String(alphabet[Int(random.next() % 32)])
      + (0..<32).map { _ in String(alphabet[Int(random.next() % 64)]) }.joined()
  }
}

extension FirstStart: RedactedValue {}

/// An access token for trying routes, signed by the server's own key, that expired in 1970.
///
/// It names a session that does not exist, so that it would be worth nothing at any time.
enum ExpiredToken {
  static func make(dataFolder: FilePath, options: EngineOptions) throws(KeyError) -> String {
    let keys = try TokenKeys.openOrCreate(folder: dataFolder.appending("keys").string)
    let minter = TokenMinter(keys: keys, issuer: options.issuer, audience: options.audience)
    let session = TokenIdentifier(sessionHigh: 0, sessionLow: 0, generation: 0)
    return minter.mintAccess(
      AccessClaims(
        subject: FirstStart.userName, clientID: FirstStart.clientID, scope: FirstStart.scopes, issuedAt: 0,
        expiresAt: 1,
        identifier: session))
  }
}
