internal import HTTPTypes
internal import Platform
internal import TokenEngine
internal import TokenLedger

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// Finds the client that a token request comes from, before anything else is read.
struct ClientAuthenticator: Sendable {
  let clients: any ClientStore

  /// Throws ``TokenEndpointError``, which does not tell an unknown id, a wrong secret and a missing one apart.
  func client(for headers: HTTPFields, form: FormParameters) async throws(TokenEndpointError) -> Client {
    let credentials: ClientCredentials
    do {
      credentials = try ClientCredentials(authorization: headers[values: .authorization], form: form)
    } catch {
      switch error {
      case .ambiguous: throw .ambiguousClient
      case .unreadable: throw .invalidClient
      }
    }
    let found: Client?
    do { found = try await look(up: credentials) } catch { throw .store(error) }
    guard let client = found else { throw .invalidClient }
    return client
  }

  private func look(up credentials: ClientCredentials) async throws -> Client? {
    switch credentials {
    case .none:
      return nil
    case .publicID(let ids):
      for id in ids {
        if let client = try await clients.client(id: id), client.isPublic { return client }
      }
      return nil
    case .secret(let ids, let secrets):
      for id in ids {
        if let client = try await clients.authenticate(id: id, secretCandidates: secrets) { return client }
      }
      return nil
    }
  }
}

/// The credentials of a client at the token endpoint (RFC 6749 §2.3).
enum ClientCredentials: Equatable {
  case none
  /// An id alone, as public clients have it.
  case publicID(candidates: [String])
  /// Id and secret, in every reading that the client can have meant: HTTP Basic does not say how they are encoded.
  case secret(idCandidates: [String], secretCandidates: [[UInt8]])

  /// The reasons why credentials cannot be checked.
  enum Fault: Error, Hashable {
    /// More than one way of authentication, or two ids (RFC 6749 §2.3).
    case ambiguous
    /// Basic without a readable id and secret, another scheme, or a secret without an id.
    case unreadable
  }

  /// Reads the credentials: ids as people type them (``NameForm/typed(_:)``), secrets byte by byte.
  ///
  /// An access token in the values of the `Authorization` headers, with `Bearer` or `DPoP`, is no client authentication
  /// and is ignored: interceptors in clients send a stale one along.
  init(authorization: [String], form: FormParameters) throws(Fault) {
    guard authorization.count <= 1 else { throw .ambiguous }
    let credentials = authorization.first.map(AuthorizationCredentials.init)
    if let credentials, !credentials.hasScheme("bearer"), !credentials.hasScheme("dpop") {
      guard credentials.hasScheme("basic") else { throw .unreadable }
      guard form[.clientSecret] == nil else { throw .ambiguous }
      self = try Self.basic(credentials.value)
      if let id = form[.clientID].map(NameForm.typed), !idCandidates.contains(where: id.hasSameBytes) {
        throw .ambiguous
      }
      return
    }
    switch (form[.clientID].map(NameForm.typed), form[.clientSecret]) {
    case (nil, nil): self = .none
    case (nil, _?): throw .unreadable
    case (let id?, nil): self = .publicID(candidates: [id])
    case (let id?, let secret?): self = .secret(idCandidates: [id], secretCandidates: [Array(secret.utf8)])
    }
  }

  private var idCandidates: [String] {
    switch self {
    case .none: []
    case .publicID(let ids): ids
    case .secret(let ids, _): ids
    }
  }

  /// Reads HTTP Basic (RFC 7617), with id and secret form-encoded as RFC 6749 §2.3.1 says, or not, as many clients send
  /// them.
  private static func basic(_ text: Substring) throws(Fault) -> ClientCredentials {
    guard let decoded = Data(base64Encoded: String(text)).map(Array.init),
      let colon = decoded.firstIndex(of: UInt8(ascii: ":")), colon > 0,
      !decoded.contains(where: \.isControl)
    else { throw .unreadable }
    let ids = readings(of: decoded[..<colon]).compactMap { String(validating: $0, as: UTF8.self) }.map(NameForm.typed)
    guard !ids.isEmpty else { throw .unreadable }
    let secret = decoded[(colon + 1)...]
    // An empty secret is no secret: with `curl -u id:` many name a public client.
    return secret.isEmpty
      ? .publicID(candidates: ids) : .secret(idCandidates: ids, secretCandidates: readings(of: secret))
  }

  /// The readings of the bytes: form-decoded, as they are, and each of these as latin-1; every one once.
  private static func readings(of bytes: ArraySlice<UInt8>) -> [[UInt8]] {
    var readings: [[UInt8]] = []
    func add(_ reading: [UInt8]) {
      if !readings.contains(reading) { readings.append(reading) }
    }
    let plain = [PercentDecoding.decode(bytes), Array(bytes)].compactMap(\.self)
    plain.forEach(add)
    for reading in plain {
      add(Array(String(String.UnicodeScalarView(reading.map { Unicode.Scalar($0) })).utf8))
    }
    return readings
  }
}

/// The value of an `Authorization` header: a scheme and what follows it (RFC 9110 §11.4).
struct AuthorizationCredentials {
  let scheme: Substring
  /// Empty if the scheme stands alone.
  let value: Substring

  init(_ field: String) {
    let space = UInt8(ascii: " ")
    let end = field.utf8.firstIndex(of: space) ?? field.endIndex
    scheme = field[..<end]
    value = field[(field.utf8[end...].firstIndex { $0 != space } ?? field.endIndex)...]
  }

  /// Tells whether the scheme is this one, given in lower case.
  func hasScheme(_ name: String) -> Bool {
    scheme.utf8.count == name.utf8.count && scheme.lowercased() == name
  }
}

// Nothing that is printed shows a secret of the request.
extension AuthorizationCredentials: RedactedValue {}
extension ClientCredentials: RedactedValue {}
