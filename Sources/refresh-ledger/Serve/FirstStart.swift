import SystemPackage
import TokenEngine
import TokenHTTP
import TokenSigning

/// The first user and client of a new data folder, made when there are none.
struct FirstStart {
  static let userName = "admin"
  static let clientID = "default"
  static let scopes = "read write"

  /// Nil where the user was there already.
  private(set) var password: String?
  /// Nil where the client was there already, and where the wire asks for none.
  private(set) var secret: String?
  let expiredToken: String

  /// In words; empty at a later start.
  var made: [String] {
    [
      password.map { _ in "the user \(FirstStart.userName)" }, secret.map { _ in "the client \(FirstStart.clientID)" },
    ].compactMap(\.self)
  }

  /// Makes what is missing: a user where no user is, a client where no client is.
  init(users: SubjectFile, clients: ClientFile, wire: WireFormat, expiredToken: String) throws(AccountFailure) {
    self.expiredToken = expiredToken
    if try users.list().isEmpty {
      let password = FirstStart.randomText()
      try users.add(name: FirstStart.userName, password: password, scopes: Scopes(FirstStart.scopes) ?? [])
      self.password = password
    }
    if wire == .standard, try clients.list().isEmpty {
      let secret = FirstStart.randomText()
      try clients.add(Client(id: FirstStart.clientID, isPublic: false), secret: secret)
      self.secret = secret
    }
  }

  /// 33 letters, of which 32 carry 192 random bits. The first is always a letter of the alphabet: what began with a dash could not be
  /// the value of an option.
  private static func randomText() -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    var random = OpenSSLRandom()
    return String(alphabet[Int(random.next() % 32)])
      + (0..<32).map { _ in String(alphabet[Int(random.next() % 64)]) }.joined()
  }
}

extension FirstStart {
  /// What a start makes in a data folder, and `init` too, whose keys are there already.
  static func make(
    users: SubjectFile, clients: ClientFile, folder: FilePath, settings: ServerSettings
  ) throws(CommandFailure) -> FirstStart {
    let expired: String
    do throws(KeyFailure) { expired = try ExpiredToken.make(dataFolder: folder, options: settings.engine) } catch {
      throw CommandFailure(error)
    }
    do throws(AccountFailure) {
      return try FirstStart(users: users, clients: clients, wire: settings.http.wire, expiredToken: expired)
    } catch {
      throw CommandFailure(error)
    }
  }
}

/// An access token that the server's own key signed and whose time was over in 1970, to try routes with.
///
/// It names a session that does not exist, so it would be worth nothing at any time.
enum ExpiredToken {
  static func make(dataFolder: FilePath, options: EngineOptions) throws(KeyFailure) -> String {
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
