internal import FoundationEssentials

/// A request to the token server, for any HTTP client to send.
///
/// Printing, dumping or interpolating it shows neither its header fields nor its body, which hold secrets.
public struct ClientRequest: Sendable {
  /// The method, such as `POST`.
  public var method: String
  /// The path with its query, percent-encoded, to be appended to the server's address.
  public var path: String
  /// The header fields in their order.
  ///
  /// `Content-Length` is the sender's.
  public var fields: [(name: String, value: String)]
  public var body: [UInt8]

  public init(method: String, path: String, fields: [(name: String, value: String)] = [], body: [UInt8] = []) {
    self.method = method
    self.path = path
    self.fields = fields
    self.body = body
  }
}

extension ClientRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "\(method) \(path.prefix { $0 != "?" }) (fields and body redacted)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["method": method]) }
}

/// The reply to a ``ClientRequest``.
///
/// Printing, dumping or interpolating it shows its status alone.
public struct ClientReply: Sendable {
  public var status: Int
  /// The header fields; their names are compared without case.
  public var fields: [(name: String, value: String)]
  /// The whole body.
  ///
  /// A sender bounds it: no reply of the server has more than 4 MiB.
  public var body: [UInt8]

  public init(status: Int, fields: [(name: String, value: String)] = [], body: [UInt8] = []) {
    self.status = status
    self.fields = fields
    self.body = body
  }

  /// The first value of a header field, named in lower case.
  func field(_ name: String) -> String? { fields.first { $0.name.lowercased() == name }?.value }
}

extension ClientReply: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "ClientReply(status: \(status), fields and body redacted)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["status": status]) }
}

/// A request that a proof of the client's key is for (RFC 9449 §4.2).
public struct ProofRequest: Sendable, Hashable {
  /// The claim `htm`.
  public var method: String
  /// The path of the claim `htu`, to be appended to the server's address as its clients know it.
  public var path: String
  /// The claim `nonce`: the last one that the server gave, or nil if it gave none.
  public var nonce: String?
}

/// The error of a sender that knows that nothing of the request has left this machine, such as a connection that was
/// refused.
///
/// With any other error the server may have carried out what was asked.
public struct RequestNotSent: Error, Sendable, Hashable, CustomStringConvertible {
  public var reason: String

  public init(_ reason: String) {
    self.reason = reason
  }

  public var description: String { reason }
}

/// The texts of requests.
enum RequestText {
  /// Returns `application/x-www-form-urlencoded` text of pairs, which a query is written in too.
  static func form(_ pairs: [(name: String, value: String)]) -> String {
    pairs.map { "\(encoded($0.name))=\(encoded($0.value))" }.joined(separator: "&")
  }

  /// Returns the text with everything percent-encoded but the unreserved characters of RFC 3986 §2.3.
  static func encoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        encoded += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return encoded
  }

  /// Returns the value of `Authorization` with HTTP Basic, id and secret form-encoded (RFC 6749 §2.3.1).
  static func basic(_ id: String, _ secret: String) -> String {
    "Basic \(Data("\(encoded(id)):\(encoded(secret))".utf8).base64EncodedString())"
  }
}
