import RefreshRotationLoad

extension CommandFailure {
  /// Of a request to the server at `url` that got no reply.
  static func noReply(_ error: any Error, from url: String) -> CommandFailure {
    let failure = ConnectionFault.failure(error, at: url)
    if case .tls = failure { return CommandFailure(.configuration, failure.description) }
    return CommandFailure(.temporary, "\(failure); check the address and that a server runs there")
  }
}
