import TokenAccounts
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
