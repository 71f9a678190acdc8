internal import Platform

/// A token endpoint, and the way in which its clients authenticate.
public struct Endpoint: Sendable {
  /// The full URL.
  public var url: String
  public var user: String
  public var password: String
  /// The client's id, omitted if nil.
  public var clientID: String?
  public var clientSecret: String?
  /// True if the client's id and secret go into the header `Authorization` (RFC 6749 §2.3.1) and not into the body.
  public var usesBasic = false
  /// The scope that is asked for at the log-in, omitted if nil.
  public var scope: String?
  /// The member of the reply with the refresh token.
  public var tokenField = "refresh_token"
  public var expiryField = "refresh_expires_in"
  /// The longest wait for a reply.
  public var patience = Duration.seconds(30)
  /// True if each session is bound to a key of its own, of which each request has a proof (DPoP, RFC 9449).
  public var provesKeys = false

  public init(url: String, user: String, password: String, clientID: String?, clientSecret: String?) {
    self.url = url
    self.user = user
    self.password = password
    self.clientID = clientID
    self.clientSecret = clientSecret
  }

  /// The form parameters of every request, each preceded by an ampersand.
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

  /// The credentials for the header, if the client uses it: id and secret, each form-encoded, separated by a colon.
  var basicCredentials: String? {
    guard usesBasic, let clientID else { return nil }
    return "\(PercentEncoding.encode(clientID)):\(PercentEncoding.encode(clientSecret ?? ""))"
  }
}

extension Endpoint: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The URL and the names, without the password and the secret.
  public var description: String { "Endpoint(\(url), user: \(user), client: \(clientID ?? "none"), secrets redacted)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["url": url, "user": user]) }
}

/// The encoding of values in forms and queries (RFC 3986 §2.1).
package enum PercentEncoding {
  /// Returns a text with all but the unreserved characters of RFC 3986 §2.3 percent-encoded.
  package static func encode(_ text: String) -> String {
    // A token usually has only unreserved characters.
    if text.utf8.allSatisfy(isUnreserved) { return text }
    var encoded = ""
    for byte in text.utf8 {
      if isUnreserved(byte) {
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        encoded += "%" + String(byte, digits: 2)
      }
    }
    return encoded
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }
}
