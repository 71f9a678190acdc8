/// A token endpoint and how its clients speak to it.
public struct Endpoint: Sendable {
  /// The whole address.
  public var url: String
  public var user: String
  public var password: String
  /// Left out where nil.
  public var clientID: String?
  public var clientSecret: String?
  /// Whether the client's id and secret go into the header `Authorization` (RFC 6749 §2.3.1) and not into the body.
  public var usesBasic = false
  /// What is asked for at the log-in; left out where nil.
  public var scope: String?
  /// The members of the reply that hold the refresh token, and the seconds until it expires.
  public var tokenField = "refresh_token"
  public var expiryField = "refresh_expires_in"
  /// How long a reply is waited for.
  public var patience = Duration.seconds(30)

  public init(url: String, user: String, password: String, clientID: String?, clientSecret: String?) {
    self.url = url
    self.user = user
    self.password = password
    self.clientID = clientID
    self.clientSecret = clientSecret
  }

  /// The form's members that every request has, with an ampersand before each.
  var clientForm: String {
    guard !usesBasic else { return "" }
    var form = ""
    if let clientID { form += "&client_id=\(PercentEncoding.encode(clientID))" }
    if let clientSecret { form += "&client_secret=\(PercentEncoding.encode(clientSecret))" }
    return form
  }

  var loginForm: String {
    let scope = scope.map { "&scope=\(PercentEncoding.encode($0))" } ?? ""
    return
      "grant_type=password&username=\(PercentEncoding.encode(user))&password=\(PercentEncoding.encode(password))\(scope)"
  }

  /// For the header, where the client goes there: id and secret, each form-encoded, with a colon between them.
  var basicCredentials: String? {
    guard usesBasic, let clientID else { return nil }
    return "\(PercentEncoding.encode(clientID)):\(PercentEncoding.encode(clientSecret ?? ""))"
  }
}
