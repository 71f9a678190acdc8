#if Postgres
internal import Platform

/// The address of a ledger's database: a URL or connection string of libpq, with any number of hosts.
///
/// A password can be in it, in `PGPASSWORD`, in a password file or in a service file, as for every program that uses
/// libpq. No text of this value contains it. `target_session_attrs` is ignored, since a ledger checks each host itself.
public struct DatabaseAddress: Sendable, Hashable {
  /// The given options without the hosts.
  private let options: ConnectionOptions
  /// The user in force, even if the text does not name one.
  private let user: String
  /// The database in force, even if the text does not name one.
  private let database: String

  /// The hosts in the order in which they were named; at least one.
  package let hosts: [DatabaseHost]

  /// The `connect_timeout` that was given, or nil.
  package let connectTimeout: Duration?

  /// Parses the text, and reads the environment, the service file and the password file.
  ///
  /// No server is asked.
  ///
  /// - Throws: `.unsuitable`.
  public init(_ text: String) throws(DatabaseError) {
    var given = try ConnectionOptions(parsing: text)
    let resolved = try given.resolved()
    hosts = DatabaseHost.hosts(of: resolved)
    guard hosts.allSatisfy({ UInt16($0.port) ?? 0 > 0 }) else {
      throw .unsuitable("The database's address names a port that is no number from 1 to 65535; write it as HOST:5432.")
    }
    // libpq ends the password at the first @ and takes the rest for a host or, after a slash, for the database.
    let database = resolved["dbname"] ?? ""
    let hasStrayAt = hosts.contains { $0.name?.contains("@") ?? false }
    guard !hasStrayAt, !(database.contains("@") && database.contains("/")) else {
      throw .unsuitable(
        "The database's address has an @ in a host's name; write an @ of the password as %40, or use a passfile.")
    }
    user = resolved["user"] ?? ""
    self.database = database.isEmpty ? user : database
    connectTimeout = resolved["connect_timeout"].flatMap { Int($0) }.flatMap { $0 > 0 ? .seconds($0) : nil }
    for keyword in ["host", "hostaddr", "port"] { given[keyword] = nil }
    // With these a server that disappears silently is noticed within seconds.
    let defaults = [
      "tcp_user_timeout": "5000", "keepalives_idle": "5", "keepalives_interval": "2", "keepalives_count": "3",
      "fallback_application_name": "refresh-ledger",
    ]
    for (keyword, value) in defaults where resolved[keyword] == nil { given[keyword] = value }
    given["client_encoding"] = "UTF8"
    given["target_session_attrs"] = "any"
    options = given
  }

  /// Returns libpq's options for a connection to one host.
  func options(host index: Int) -> ConnectionOptions {
    var options = options
    let host = hosts[index]
    options["host"] = host.name
    options["hostaddr"] = host.address
    options["port"] = host.port
    return options
  }
}

extension DatabaseAddress: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The address as a URL without password and options.
  public var description: String {
    let hosts = hosts.map(\.description).joined(separator: ",")
    return "postgresql://\(user.percentEncoded)@\(hosts)/\(database.percentEncoded)"
  }

  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// One of the servers in an address.
package struct DatabaseHost: Sendable, Hashable, CustomStringConvertible {
  /// The host name, Internet address or folder of a socket, or nil for libpq's default.
  package let name: String?
  /// The Internet address that makes the look-up of the name unnecessary.
  package let address: String?
  package let port: String

  /// The host as in a URL.
  package var description: String {
    let place = name ?? address ?? ""
    return (place.contains(":") ? "[\(place)]" : place.percentEncoded) + ":" + port
  }

  /// Returns the hosts that libpq would try.
  ///
  /// libpq has checked that their lists have the same length.
  fileprivate static func hosts(of options: ConnectionOptions) -> [DatabaseHost] {
    func list(_ keyword: String) -> [String?] {
      guard let value = options[keyword], !value.isEmpty else { return [] }
      return value.split(separator: ",", omittingEmptySubsequences: false).map { $0.isEmpty ? nil : String($0) }
    }
    let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port"))
    return (0..<max(1, names.count, addresses.count)).map { index in
      let port = ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : nil
      return DatabaseHost(
        name: index < names.count ? names[index] : nil, address: index < addresses.count ? addresses[index] : nil,
        port: port ?? "5432")
    }
  }
}

extension String {
  /// The text with all but unreserved characters (RFC 3986 §2.3) percent-encoded.
  fileprivate var percentEncoded: String {
    var text = ""
    for byte in utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default: text += "%" + String(byte, digits: 2, uppercase: true)
      }
    }
    return text
  }
}
#endif
