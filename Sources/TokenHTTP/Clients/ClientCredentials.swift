internal import TokenLedger

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// What a client says it is at the token endpoint (RFC 6749 §2.3).
enum ClientCredentials: Equatable {
  case none
  /// An id alone, as public clients have it.
  case publicID(candidates: [String])
  /// Id and secret, each as the client may have meant it: HTTP Basic does not say how they were encoded.
  case secret(idCandidates: [String], secretCandidates: [[UInt8]])

  /// Why the credentials cannot be looked at.
  enum Fault: Error, Hashable {
    /// More than one way of authentication, or two ids (RFC 6749 §2.3).
    case ambiguous
    /// Basic without a readable id and secret, another scheme, or a secret without an id.
    case unreadable
  }

  /// Ids are taken as people type them (``NameForm/typed(_:)``), secrets byte by byte.
  ///
  /// - Parameter authorization: the values of the `Authorization` headers. A bearer among them is no client
  ///   authentication and is ignored: interceptors in clients send a stale one along.
  init(authorization: [String], form: FormParameters) throws(Fault) {
    guard authorization.count <= 1 else { throw .ambiguous }
    let credentials = authorization.first.map(AuthorizationCredentials.init)
    if let credentials, !credentials.hasScheme("bearer") {
      guard credentials.hasScheme("basic") else { throw .unreadable }
      guard form[.clientSecret] == nil else { throw .ambiguous }
      self = try Self.basic(credentials.value)
      if let id = form[.clientID].map(NameForm.typed), !idCandidates.contains(where: id.isSame) { throw .ambiguous }
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

  /// RFC 7617, with id and secret form-encoded as RFC 6749 §2.3.1 has it, or not, as many clients have it.
  private static func basic(_ text: Substring) throws(Fault) -> ClientCredentials {
    guard let decoded = Data(base64Encoded: String(text)).map(Array.init),
      let colon = decoded.firstIndex(of: UInt8(ascii: ":")), colon > 0,
      !decoded.contains(where: { $0 < 0x20 || $0 == 0x7F })
    else { throw .unreadable }
    let ids = readings(of: decoded[..<colon]).compactMap { String(validating: $0, as: UTF8.self) }.map(NameForm.typed)
    guard !ids.isEmpty else { throw .unreadable }
    let secret = decoded[(colon + 1)...]
    // An empty secret is none: `curl -u id:` is how many name a public client.
    return secret.isEmpty
      ? .publicID(candidates: ids) : .secret(idCandidates: ids, secretCandidates: readings(of: secret))
  }

  /// The bytes form-decoded, as they are, and each of these read as latin-1; every reading once.
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
