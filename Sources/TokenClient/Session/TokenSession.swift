/// A session of the token server, kept by a program: it always has an access token that is good, and refreshes once for
/// all tasks that ask at the same time.
///
///     let session = TokenSession(client: client, tokens: try await client.logIn(user: "ann", password: password)) {
///       try await keychain.store($0)
///     }
///     let bearer = try await session.accessToken()
///
/// The successor of a refresh token is stored before it, or its access token, is used, so that a crash loses no
/// session. One program has one ``TokenSession`` for a session: two that refresh the same token would be taken for a
/// thief and his victim. With a client's own token (``TokenServerClient/ownToken(scopes:)``) it asks for another one
/// instead.
public actor TokenSession {
  /// The times of refreshing.
  public struct Options: Sendable {
    /// The remaining lifetime below which an access token is refreshed, or half of its lifetime if that is less.
    public var refreshBefore = Duration.seconds(30)
    /// The client's grace window at the server (`clients add --grace`).
    ///
    /// A refresh whose reply was lost is tried again within it; without one, at the caller's next call only.
    public var grace = Duration.zero
    /// The pause before a refresh is tried again if the server names none.
    public var retryPause = Duration.milliseconds(250)
    /// The longest time that one call waits, pauses and `Retry-After` included, before it throws what it met.
    ///
    /// The time of a request is bounded by its sender alone.
    public var patience = Duration.seconds(20)

    public init() {}
  }

  /// Stores the tokens where they outlive the program.
  ///
  /// The closure is called once for each refresh, before the tokens are used.
  public typealias Store = @Sendable (SessionTokens) async throws -> Void

  private let client: TokenServerClient
  private let options: Options
  private let clock: PacedClock
  private let store: Store
  /// The tokens in use: the last ones that were stored.
  public private(set) var tokens: SessionTokens
  /// The successor that the server has issued and that could not be stored yet.
  private var unstored: SessionTokens?
  private var flight: Task<Result<SessionTokens, TokenClientError>, Never>?
  /// The refusal that has ended the session.
  private var ending: TokenClientError?
  /// The reading of the boot clock before the first presentation of the refresh token whose reply was lost.
  private var lostSinceBoot: Int64?
  /// The reading of the boot clock before which the server wants no request.
  private var notBeforeBoot = Int64.min
  /// The remaining lifetime below which the access token is refreshed.
  private var margin: Duration

  /// Creates a session from tokens that were stored, by this program or an earlier run of it.
  public init(
    client: TokenServerClient, stored tokens: SessionTokens, options: Options = Options(), clock: PacedClock = .system,
    store: @escaping Store
  ) {
    self.client = client
    self.tokens = tokens
    self.options = options
    self.clock = clock
    self.store = store
    margin = options.refreshBefore
  }

  /// Creates a session from the tokens of a log-in, which are stored before this returns.
  ///
  /// - Throws: ``TokenClientError/notStored(_:)``.
  public init(
    client: TokenServerClient, tokens issued: IssuedTokens, options: Options = Options(), clock: PacedClock = .system,
    store: @escaping Store
  ) async throws(TokenClientError) {
    let tokens = SessionTokens(issued, at: clock.now())
    self.init(client: client, stored: tokens, options: options, clock: clock, store: store)
    margin = min(options.refreshBefore, issued.expiresIn / 2)
    do { try await store(tokens) } catch { throw .notStored("\(error)") }
  }

  /// Returns an access token that is good for ``Options/refreshBefore``, or at least still good if it cannot be
  /// refreshed now.
  ///
  /// The token is presented with the ``SessionTokens/scheme`` of ``tokens``.
  ///
  /// - Throws: ``TokenClientError``; a ``Refusal/endsSession`` means that the user has to log in again. After
  ///   ``TokenClientError/unknownOutcome(_:)`` the next call presents the same refresh token again: it is all there is.
  public func accessToken() async throws(TokenClientError) -> String {
    if let ending { throw ending }
    if tokens.accessEnd > clock.now().advanced(byMilliseconds: margin.wholeMilliseconds) {
      return tokens.accessToken
    }
    do { return try await refreshed().accessToken } catch {
      if case .refused(let refusal) = error, refusal.endsSession { throw error }
      guard tokens.accessEnd > clock.now() else { throw error }
      return tokens.accessToken
    }
  }

  /// Returns another access token than one that a resource server has refused with 401: the one that another task has
  /// got meanwhile, or a new one.
  public func accessToken(insteadOf refused: String) async throws(TokenClientError) -> String {
    guard tokens.accessToken == refused else { return try await accessToken() }
    return try await refreshed().accessToken
  }

  /// Ends the session at the server, durably, with all of its tokens.
  ///
  /// Meanwhile nobody gets a token of it; if this throws, the session goes on.
  public func end() async throws(TokenClientError) {
    while let flight { _ = await flight.value }
    let before = ending
    ending = .refused(Refusal(status: 400, code: "invalid_grant", text: "this program has ended the session"))
    let last = unstored ?? tokens
    do { try await client.revoke(last.refreshToken ?? last.accessToken) } catch {
      ending = before
      throw error
    }
  }

  // MARK: - One refresh for all

  private func refreshed() async throws(TokenClientError) -> SessionTokens {
    if let ending { throw ending }
    let running: Task<Result<SessionTokens, TokenClientError>, Never>
    if let flight {
      running = flight
    } else {
      // A task of its own: a caller that is cancelled must not cut off a refresh that others wait for, and whose reply
      // would be lost.
      running = Task { await self.refresh() }
      flight = running
    }
    return try await running.value.get()
  }

  private func refresh() async -> Result<SessionTokens, TokenClientError> {
    defer { flight = nil }
    let began = clock.clock.bootMilliseconds()
    while true {
      let error: TokenClientError
      do throws(TokenClientError) {
        try await waitUntilWelcome(since: began)
        return .success(try await refreshOnce())
      } catch let thrown {
        error = thrown
      }
      if case .refused(let refusal) = error, refusal.endsSession { ending = error }
      guard let pause = pauseBeforeRetry(after: error, since: began) else { return .failure(error) }
      do { try await clock.sleep(for: pause) } catch { return .failure(.notSent("the task was cancelled")) }
    }
  }

  /// Waits for as long as the server has asked for.
  private func waitUntilWelcome(since began: Int64) async throws(TokenClientError) {
    let wait = Duration.milliseconds(max(0, notBeforeBoot.subtractingReportingOverflow(began).partialValue))
    guard notBeforeBoot > clock.clock.bootMilliseconds() else { return }
    guard wait <= options.patience else { throw .tryAgain(after: wait, status: 429) }
    do { try await clock.sleep(for: wait) } catch { throw .notSent("the task was cancelled") }
  }

  private func refreshOnce() async throws(TokenClientError) -> SessionTokens {
    if let unstored {
      let kept = try await keep(unstored)
      if kept.accessEnd > clock.now() { return kept }
    }
    let token = tokens.refreshToken
    let (boot, now) = (clock.clock.bootMilliseconds(), clock.now())
    let issued: IssuedTokens
    do {
      // A client's own token has no refresh token: another is asked for, and one that was lost ends by itself.
      if let token {
        issued = try await client.refresh(token)
      } else {
        issued = try await client.ownToken(scopes: tokens.scopes.isEmpty ? nil : tokens.scopes)
      }
    } catch {
      if token != nil, error.mayHaveBeenDone, lostSinceBoot == nil { lostSinceBoot = boot }
      if case .tryAgain(let wait, _) = error {
        notBeforeBoot = clock.clock.bootMilliseconds() + wait.wholeMilliseconds
      }
      throw error
    }
    lostSinceBoot = nil
    margin = min(options.refreshBefore, issued.expiresIn / 2)
    // Lifetimes count from the reply; counted from the request they end early rather than late.
    return try await keep(SessionTokens(issued, at: now, keeping: token))
  }

  /// Stores new tokens and puts them in use.
  private func keep(_ new: SessionTokens) async throws(TokenClientError) -> SessionTokens {
    unstored = new
    do { try await store(new) } catch { throw .notStored("\(error)") }
    (tokens, unstored) = (new, nil)
    return new
  }

  /// Returns the pause before another try within the same call, or nil if the caller is told.
  private func pauseBeforeRetry(after error: TokenClientError, since began: Int64) -> Duration? {
    var pause = options.retryPause
    switch error {
    case .refused, .notStored: return nil
    case .notSent, .unknownOutcome: break
    case .tryAgain(let wait, _): pause = max(pause, wait)
    }
    guard clock.elapsed(sinceBoot: began) + pause <= options.patience else { return nil }
    // From the first presentation that may have consumed the token, the server counts the grace window.
    if let lostSinceBoot, clock.elapsed(sinceBoot: lostSinceBoot) + pause >= options.grace { return nil }
    return pause
  }
}
