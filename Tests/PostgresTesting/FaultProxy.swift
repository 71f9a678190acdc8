#if Postgres
internal import Glibc
internal import Platform
internal import Synchronization
package import TokenLedgerPostgres

/// What happens on the way between a client and a server. A request is what ends with a synchronization, or a simple
/// query: one transaction. Counted from 1, over all connections, from when the fault is set.
package enum ProxyFault: Sendable, Hashable {
  /// The connection ends before the statement of this number reaches the server.
  case cutBeforeStatement(Int)
  /// It ends when all of the request but its end has reached the server, which therefore commits nothing.
  case cutBeforeCommit(Int)
  /// The server carries the request out, and the client sees of its answer so many bytes and then the end.
  case cutInAnswer(Int, bytes: Int = 0)
  /// The server carries the request out, and the answer stays here until `release`.
  case holdAnswer(Int)
  /// The server carries the request out, and the answer comes byte by byte, with a pause after each.
  case dripAnswer(Int)
  /// The server carries the request out, and the client sees of its answer bytes that are changed at random.
  case garbleAnswer(Int, seed: UInt64)
}

/// A way from 127.0.0.1 to a server on which one fault at a time is set. It knows of the protocol where a message ends,
/// so a client must not encrypt.
///
/// Its connections end with it.
package final class FaultProxy: Sendable {
  private struct State {
    var fault: ProxyFault?
    var requests = 0
    var statements = 0
    var struck = 0
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

  /// How many faults have struck.
  package var struckCount: Int { state.withLock { $0.struck } }

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
    let connection = ProxiedConnection(client: client, server: server, isPooling: isPooling) { [weak self] message in
      self?.strike(message) ?? .pass
    }
    state.withLock { $0.connections.append(connection) }
    connection.start()
  }

  /// Decides of each message of a client.
  private func strike(_ message: MessageSplitter.Message) -> ProxiedConnection.Action {
    state.withLock { state in
      if message.executes { state.statements += 1 }
      if message.endsRequest { state.requests += 1 }
      let action: ProxiedConnection.Action? =
        switch state.fault {
        case .cutBeforeStatement(state.statements) where message.executes: .cut
        case .cutBeforeCommit(state.requests) where message.endsRequest: .cut
        case .cutInAnswer(state.requests, let bytes) where message.endsRequest: .cutInAnswer(bytes: bytes)
        case .holdAnswer(state.requests) where message.endsRequest: .holdAnswer
        case .dripAnswer(state.requests) where message.endsRequest: .dripAnswer
        case .garbleAnswer(state.requests, let seed) where message.endsRequest: .garbleAnswer(seed: seed)
        default: nil
        }
      guard let action else { return .pass }
      (state.fault, state.struck) = (nil, state.struck + 1)
      return action
    }
  }
}
#endif
