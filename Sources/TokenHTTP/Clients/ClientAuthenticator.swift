internal import HTTPTypes
internal import TokenEngine

/// Finds out which client a token request comes from, before anything else is looked at.
struct ClientAuthenticator: Sendable {
  let clients: any ClientStore

  /// Throws ``TokenFault``: an unknown id, a wrong secret and a missing one are told apart by nobody.
  func client(for headers: HTTPFields, form: FormParameters) async throws(TokenFault) -> Client {
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
