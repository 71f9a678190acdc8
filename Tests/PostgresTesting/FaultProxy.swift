#if Postgres
internal import Glibc
internal import Platform
internal import Synchronization
package import TokenLedgerPostgres

/// A way from 127.0.0.1 to a server on which one fault at a time is set, or one for each of some requests.
///
/// It knows of the protocol where a message ends and what a request runs, so a client must not encrypt. It reorders
/// nothing.
///
/// Its connections end with it.
package final class FaultProxy: Sendable {
  private struct State {
    var fault: ProxyFault?
    var plan: [ProxyExchange: RequestFault] = [:]
    /// Of every kind of request, how many came.
    var counts: [[String]: Int] = [:]
    var exchanges: [ProxyExchange] = []
    var requests = 0
    var statements = 0
    var struck = 0
    var strikes: [(exchange: ProxyExchange, fault: RequestFault)] = []
    var isRefusing = false
    var isPooling = false
    var connections: [ProxiedConnection] = []
  }

  package let port: Int
  private let serverPort: Int
  private let listener: LoopbackSocket
  private let state = Mutex(State())

  package init(to server: TestedServer) throws {
    serverPort = server.port
    (listener, port) = try LoopbackSocket.listener()
    let accepting = DetachedThread { [weak self, listener] in
      while let client = listener.accept() {
        guard let self else { return }
        self.serve(client)
      }
    }
    guard accepting.start() == 0 else { throw TestedServerFailure(description: "no thread is left") }
  }

  deinit {
    listener.shutDown()
    cutAll()
  }

  /// Where a database is on this way.
  package func address(of database: TestedDatabase, options: String = "") throws -> DatabaseAddress {
    try DatabaseAddress(
      "postgresql://postgres@127.0.0.1:\(port)/\(database.name)?sslmode=disable&gssencmode=disable\(options)")
  }

  /// Sets the next fault, in place of the one that is set; it strikes once.
  package func set(_ fault: ProxyFault?) {
    state.withLock { ($0.fault, $0.requests, $0.statements) = (fault, 0, 0) }
  }

  /// Sets what each of these requests meets, in place of the plan that is set; each strikes once.
  package func plan(_ plan: [ProxyExchange: RequestFault]) { state.withLock { $0.plan = plan } }

  /// All requests and beginnings of connections so far.
  package var exchanges: [ProxyExchange] { state.withLock { $0.exchanges } }

  /// How many faults have struck.
  package var struckCount: Int { state.withLock { $0.struck } }

  /// What struck of a plan or by a request's number, and what that was, in this order.
  package var strikes: [(exchange: ProxyExchange, fault: RequestFault)] { state.withLock { $0.strikes } }

  /// Whether new connections are ended at once.
  package var isRefusing: Bool {
    get { state.withLock { $0.isRefusing } }
    set { state.withLock { $0.isRefusing = newValue } }
  }

  /// Whether new connections are told of another server process than their own, as a pooler tells them.
  package var isPooling: Bool {
    get { state.withLock { $0.isPooling } }
    set { state.withLock { $0.isPooling = newValue } }
  }

  /// Lets the answers go that are held.
  package func release() {
    for connection in state.withLock({ $0.connections }) { connection.release() }
  }

  /// Ends all connections.
  package func cutAll() {
    let connections = state.withLock { state in
      defer { state.connections = [] }
      return state.connections
    }
    for connection in connections { connection.cut() }
  }

  private func serve(_ client: LoopbackSocket) {
    guard !isRefusing, let server = try? LoopbackSocket(connectedTo: serverPort) else { return client.shutDown() }
    let connection = ProxiedConnection(client: client, server: server, isPooling: isPooling) { [weak self] request in
      self?.strike(request) ?? .pass
    }
    state.withLock { $0.connections.append(connection) }
    connection.start()
  }

  /// Decides of each request of a client.
  private func strike(_ request: ProxiedRequest) -> ProxiedConnection.Action {
    guard request.isAnswered else { return .pass }
    return state.withLock { state in
      let statementsBefore = state.statements
      state.statements += request.statementCount
      if request.endsRequest { state.requests += 1 }
      let statements = request.statements
      let exchange = ProxyExchange(statements: statements, number: state.counts[statements, default: 0])
      state.counts[statements, default: 0] += 1
      state.exchanges.append(exchange)
      if let planned = state.plan.removeValue(forKey: exchange) {
        state.struck += 1
        state.strikes.append((exchange, planned))
        return request.action(planned)
      }
      let action: ProxiedConnection.Action? =
        switch state.fault {
        case .cutBeforeStatement(let number):
          request.place(ofStatement: number - statementsBefore).map { .cut(before: $0) }
        case .cutBeforeCommit(state.requests) where request.endsRequest: request.action(.cutBeforeEnd)
        case .cutInAnswer(state.requests, let bytes) where request.endsRequest: .cutInAnswer(bytes: bytes)
        case .holdAnswer(state.requests) where request.endsRequest: .holdAnswer
        case .dripAnswer(state.requests) where request.endsRequest: .dripAnswer
        case .garbleAnswer(state.requests, let seed) where request.endsRequest: .garbleAnswer(seed: seed)
        case .request(state.requests, let fault) where request.endsRequest: request.action(fault)
        default: nil
        }
      guard let action else { return .pass }
      if case .request(_, let fault) = state.fault { state.strikes.append((exchange, fault)) }
      (state.fault, state.struck) = (nil, state.struck + 1)
      return action
    }
  }
}

extension ProxiedRequest {
  fileprivate func action(_ fault: RequestFault) -> ProxiedConnection.Action {
    switch fault {
    case .cutBefore: .cut(before: 0)
    case .cutBeforeEnd: .cut(before: messages.count - 1)
    case .cutAfter: .cutInAnswer(bytes: 0)
    case .cutInside: .cutInsideAnswer
    case .hold: .holdAnswer
    case .failFirst(let code) where isStart: .refuse(.report("E", severity: "FATAL", code: code))
    case .failFirst(let code): .replace(failingFirst(code: code))
    case .failLast(let code): .replace(failingLast(code: code))
    case .deny(let code): .endAnswer(.report("E", severity: "ERROR", code: code))
    case .warn: .endAnswer(.report("N", severity: "WARNING", code: "01000"))
    }
  }
}
#endif
