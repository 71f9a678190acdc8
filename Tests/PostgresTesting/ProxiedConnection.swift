#if Postgres
internal import Platform
internal import Synchronization

/// One connection of a `FaultProxy`: a thread for each direction.
final class ProxiedConnection: Sendable {
  enum Action: Hashable {
    case pass
    /// So many messages of the request go on, and both sides see the end.
    case cut(before: Int)
    /// These bytes go on in place of the request.
    case replace([UInt8])
    /// Nothing goes on, the client sees these bytes, and both sides the end.
    case refuse([UInt8])
    /// The request goes on, and of its answer so many bytes; when it was whole, both sides see the end.
    case cutInAnswer(bytes: Int)
    /// The same, with the first half of the answer's bytes.
    case cutInsideAnswer
    /// The request goes on, and its answer waits, with all that follows.
    case holdAnswer
    /// The request goes on, and its answer comes byte by byte.
    case dripAnswer
    /// The request goes on, and its answer comes with bytes that are changed.
    case garbleAnswer(seed: UInt64)
    /// The request goes on, and these bytes come before the end of its answer.
    case endAnswer([UInt8])
  }

  private struct State {
    /// The start of a connection is answered as a request is.
    var requests = 1
    /// Answers of one byte that are to come.
    var shortAnswers = 0
    var isHeld = false
    /// Of which request's answer something else is made than to pass it on.
    var target: (request: Int, action: Action)?
  }

  private let client: LoopbackSocket
  private let server: LoopbackSocket
  private let isPooling: Bool
  private let decide: @Sendable (ProxiedRequest) -> Action
  private let state = Mutex(State())
  private let released = Semaphore()

  init(
    client: LoopbackSocket, server: LoopbackSocket, isPooling: Bool,
    decide: @escaping @Sendable (ProxiedRequest) -> Action
  ) {
    (self.client, self.server, self.isPooling, self.decide) = (client, server, isPooling, decide)
  }

  func start() {
    for direction in [forwardRequests, forwardAnswers] where DetachedThread(direction).start() != 0 { cut() }
  }

  func cut() {
    client.shutDown()
    server.shutDown()
    release()
  }

  /// Lets the answer go that is held.
  func release() {
    let wasHeld = state.withLock { state in
      defer { state.isHeld = false }
      return state.isHeld
    }
    if wasHeld { released.post() }
  }

  @Sendable private func forwardRequests() {
    var (splitter, request) = (MessageSplitter(ofClient: true), ProxiedRequest())
    while let bytes = client.read() {
      splitter.add(bytes)
      // What arrives together goes on together.
      var passed: [UInt8] = []
      while let message = splitter.next() {
        request.add(message)
        guard request.isWhole else { continue }
        let action = decide(request)
        note(request, action)
        switch action {
        case .cut(let place):
          server.write(passed + request.bytes(before: place))
          return cut()
        case .refuse(let answer):
          client.write(answer)
          return cut()
        case .replace(let bytes): passed += bytes
        default: passed += request.bytes
        }
        request = ProxiedRequest()
      }
      server.write(passed)
    }
    cut()
  }

  private func note(_ request: ProxiedRequest, _ action: Action) {
    state.withLock { state in
      for message in request.messages where message.asksForEncryption { state.shortAnswers += 1 }
      if request.endsRequest { state.requests += 1 }
      switch action {
      case .pass, .cut, .replace, .refuse: break
      default:
        state.target = (state.requests, action)
        state.isHeld = action == .holdAnswer
      }
    }
  }

  @Sendable private func forwardAnswers() {
    var (splitter, answered, passed) = (MessageSplitter(ofClient: false), 0, Passed())
    while let bytes = server.read() {
      splitter.add(bytes)
      while true {
        splitter.shortAnswers += state.withLock { state in
          defer { state.shortAnswers = 0 }
          return state.shortAnswers
        }
        guard let message = splitter.next() else { break }
        let action = state.withLock { state in
          state.target.flatMap { $0.request == answered + 1 ? $0.action : nil } ?? .pass
        }
        guard forward(message, action, &passed) else { return cut() }
        if message.endsAnswer { answered += 1 }
      }
    }
    cut()
  }

  /// What of the answer to the target was passed on, and what was kept of it.
  private struct Passed {
    var count = 0
    var kept: [UInt8] = []
  }

  /// Passes a message of the server on; returns false at the end.
  private func forward(_ message: MessageSplitter.Message, _ action: Action, _ passed: inout Passed) -> Bool {
    switch action {
    case .pass, .cut, .replace, .refuse: client.write(isPooling ? message.bytes.withAnotherProcess : message.bytes)
    case .dripAnswer:
      for byte in message.bytes {
        guard client.write([byte]) else { return false }
        Program.pause(microseconds: 1000)
      }
    case .garbleAnswer(let seed): client.write(message.bytes.garbled(seed: seed &+ UInt64(message.bytes.count)))
    case .holdAnswer:
      released.wait()
      state.withLock { $0.target = nil }
      client.write(message.bytes)
    case .cutInAnswer(let bytes):
      let part = message.bytes.prefix(bytes - passed.count)
      client.write(Array(part))
      passed.count += part.count
      return !message.endsAnswer
    case .cutInsideAnswer:
      passed.kept += message.bytes
      guard message.endsAnswer else { break }
      client.write(Array(passed.kept.prefix(passed.kept.count / 2)))
      return false
    case .endAnswer(let end): client.write(message.endsAnswer ? end + message.bytes : message.bytes)
    }
    return true
  }
}

extension [UInt8] {
  /// A message that tells a process and its key (BackendKeyData), with another process; any other as it is.
  fileprivate var withAnotherProcess: [UInt8] {
    guard first == UInt8(ascii: "K"), count >= 9 else { return self }
    var changed = self
    for index in 5..<9 { changed[index] ^= index == 5 ? 0x10 : 0xFF }
    return changed
  }

  /// With one byte in eight, or a few, set to others.
  fileprivate func garbled(seed: UInt64) -> [UInt8] {
    var (changed, state) = (self, seed)
    for _ in 0..<Swift.max(1, count / 8) {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      changed[Int(state >> 33) % count] = UInt8(truncatingIfNeeded: state >> 25)
    }
    return changed
  }
}
#endif
